"""The convolutional network with an LSTM from frame to frame."""

from .card import CnnLstm as CnnLstm
