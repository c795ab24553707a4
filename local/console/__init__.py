"""The page of `make up`: uploads pictures as a user, and shows what becomes of them."""
