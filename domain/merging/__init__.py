"""Merging of several writers' entries into one tag, without a lock.

- intent: the entries of one writer, published under a tag of its own
- merged_list: the list that a tag gets when intents are merged into it
"""
