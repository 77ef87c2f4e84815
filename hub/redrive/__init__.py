"""Sending dead letters on: what operators may do, tried out first, agreed by a second person, and reported."""
