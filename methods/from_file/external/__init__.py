"""Networks from files, as a contract declares them."""

from .card import External as External
