"""Rules as people handle them: offered to another branch, followed step by step, changed, previewed."""
