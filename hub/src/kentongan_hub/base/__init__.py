"""What every part stands on: clocks, the site's keys, words, roles, states, numbers typed and phoned."""
