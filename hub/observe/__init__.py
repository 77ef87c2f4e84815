"""What can be seen of the hub's work afterwards, from the ledger and the receipts alone."""
