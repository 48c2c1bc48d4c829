"""Search: words, numbers and amounts found wherever they stand in masters and vouchers."""
