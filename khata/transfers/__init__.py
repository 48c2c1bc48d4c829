"""Transfers of goods and cash between branches: two legs in one document, branch accounts that mirror each other."""
