"""Parts as data: what is bought, what each pin means, pins and signals of boards, and circuits of them."""
