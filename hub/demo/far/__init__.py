"""The agencies' own systems, as the demo plays them: what their people write goes in, what they are told comes out."""
