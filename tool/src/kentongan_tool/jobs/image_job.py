"""A whole board through the chip's ROM loader: MicroPython, then code and settings as one littlefs.

For a board that has no prompt yet, or whose prompt is lost. The order and its promise are provision.Job's;
the chip itself compares what was written. Everything that was on the board is gone.
"""

from kentongan_tool.base.answers import Made
from kentongan_tool.base.failures import ToolError
from kentongan_tool.board import boards, flash, images
from kentongan_tool.board.prompt import staging
from kentongan_tool.jobs.provision import Job, device_files

VFS_FILE = "isi-papan.bin"


class ImageJob(Job):
    """As provision.Job; `bundle` needs MicroPython's image and the radio driver."""

    _chip: flash.Chip
    _partition: images.Partition | None = None  # once MicroPython is on the board

    def look(self) -> tuple[flash.Chip, boards.Board]:
        """Step 1: the chip at the port, by esptool. The board's former contents cannot be seen from here."""
        if self.erase:
            flash.ask_before(self.port, self.sure)
        chip = flash.find_chip(self.port)
        if chip.name not in boards.GENERIC:
            raise ToolError("wrong_chip", f"{self.port}: {chip.name}; boards here have an ESP32 or ESP32-S3")
        board = self._board_of(chip)
        boards.refuse_unfit(chip.name, flash.usb_of(self.port), chip.flash_mb, [board.name])
        if not self.erase:
            raise ToolError("occupied", f"{self.port}: --image empties the whole board")
        return chip, board

    def _board_of(self, chip: flash.Chip) -> boards.Board:
        if self.wanted_board:
            return boards.BOARDS[self.wanted_board]  # flash.flash compares its chip before it erases
        fitting = boards.candidates(chip.name, flash.usb_of(self.port), chip.flash_mb)
        if len(fitting) > 1:
            names = ", ".join(board.name for board in fitting)
            raise ToolError("which_board", f"{chip.name}: --board {names}")
        return fitting[0]

    def _needs_driver(self, found: object) -> bool:
        return True

    def _check_fit(self, found: flash.Chip, board: boards.Board, code: dict[str, bytes]) -> None:
        flash.fitting(self.port, found, self.bundle, board.name)

    def _prepare(self, found: object, board: boards.Board) -> None:
        self._chip, self._partition = flash.flash(self.port, self.bundle, self.say, board.name)

    def _write(self, code: dict[str, bytes], made: Made) -> None:
        assert self._partition is not None
        self._note_written()
        with staging() as folder:
            path = folder / VFS_FILE
            flash.littlefs({**code, **device_files(made)}, self._partition.size, path)
            flash.write_flash(self.port, self._chip.name, self._partition.offset, path, self.say)

    def _clear_board(self) -> None:
        if self._partition is None:
            return  # nothing of ours is on it
        flash.esptool(
            self.port,
            "erase-region",
            hex(self._partition.offset),
            hex(self._partition.size),
            chip=flash.esptool_name(self._chip.name),
        )
