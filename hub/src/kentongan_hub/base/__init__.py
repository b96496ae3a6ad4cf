"""Foundations of every part: clocks, the site's keys, words, roles, states, numbers typed and phoned."""
