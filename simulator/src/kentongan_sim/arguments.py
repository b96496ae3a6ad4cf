"""Readers of words on the command line, shared by the commands."""
import argparse


def number(kind, low, high, remedy):
    """A reader of one number in a range, for argparse."""
    def read(text):
        try:
            value = kind(text)
        except ValueError:
            value = None
        if value is None or not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text!r} is not within {low}..{high}; {remedy}")
        return value
    return read
