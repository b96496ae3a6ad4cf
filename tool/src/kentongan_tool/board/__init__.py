"""A board on the cable: its port, prompt and chip, the images and the bundle that go onto it."""
