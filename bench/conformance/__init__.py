"""The conformance suite: the contract that every method must meet, checked on a dozen small photos.

``bench check NAME`` runs it on one method; the project's tests run it on all of them.
"""
