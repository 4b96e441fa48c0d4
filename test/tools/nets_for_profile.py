"""Small modules that the test of tools/profile-layers.py times."""

import torch
from torch import nn
from torch.nn import functional


class SmallNet(nn.Module):
    """Convolutions, a residual addition, a concatenation, a relu module that is called twice, a classifier."""

    def __init__(self, width=8):
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, groups=2)
        self.pool = nn.MaxPool2d(2)
        self.side = nn.Conv2d(width, 4, 1)
        self.average = nn.AdaptiveAvgPool2d(1)
        self.drop = nn.Dropout(0.5)
        self.fc = nn.Linear(width + 4, 10)

    def forward(self, image):
        stem = self.relu(self.norm(self.conv1(image)))
        block = self.relu(self.conv2(stem) + stem)
        joined = torch.cat([block, functional.relu(self.side(block))], 1)
        pooled = self.average(self.pool(joined)).flatten(1)
        return self.fc(self.drop(pooled))


class SmallText(nn.Module):
    """An embedding, an LSTM, a layer normalisation and a projection of every step."""

    def __init__(self, vocabulary=50, width=12):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width)
        self.lstm = nn.LSTM(width, 16, batch_first=True)
        self.norm = nn.LayerNorm(16)
        self.odd = nn.Bilinear(16, 16, 16)
        self.out = nn.Linear(16, vocabulary)

    def forward(self, tokens):
        states, _ = self.lstm(self.embedding(tokens))
        states = self.norm(states)
        return self.out(functional.gelu(self.odd(states, states)))
