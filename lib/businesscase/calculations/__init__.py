"""The calculations: pure functions over numbers and frames, each formula once."""
