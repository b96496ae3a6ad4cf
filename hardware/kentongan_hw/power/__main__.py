"""`python -m kentongan_hw.power`: writes hardware/power.md and its plot from the model."""

from kentongan_hw.power import page

print("\n".join(page.write()) or "power: nothing to change")
