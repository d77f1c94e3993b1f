"""What prints, imports and serves: spreadsheets, reports, batches, explorers and the command line."""
