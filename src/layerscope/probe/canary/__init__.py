"""The canary model: a GPT-2 of our own with bytes for tokens, in files that `train.py` makes again."""
