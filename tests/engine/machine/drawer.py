"""Random drawings: blocks of every construct, within and behind each other, as a sketch."""

from __future__ import annotations

import random

ERROR, ESCALATION, SIGNAL = "error=e", "escalation=x", "signal=s"


class Drawer:
    """Draws blocks with one way in and one way out, a scope within a scope."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.count = 0

    def id(self, kind: str) -> str:
        self.count += 1
        return f"{kind}{self.count}"

    def process(self) -> str:
        return "\n".join(self.scope(0, 3, in_transaction=False))

    def scope(self, indent: int, depth: int, *, in_transaction: bool) -> list[str]:
        lines: list[str] = []
        pad = " " * indent
        start, end = self.id("start"), self.id("end")
        lines.append(f"{pad}start {start}")
        first, last = self.block(lines, indent, depth)
        ends = ["", "", "", "terminate", ERROR, ESCALATION, SIGNAL, "compensate"]
        ends += ["cancel", "cancel"] if in_transaction else []
        lines.append(f"{pad}end {end} {self.chance.choice(ends)}")
        lines.append(f"{pad}{start} -> {first}")
        lines.append(f"{pad}{last} -> {end}")
        if depth and self.chance.random() < 0.4:
            self.guard(lines, indent, depth - 1)
        return lines

    def guard(self, lines: list[str], indent: int, depth: int) -> None:
        pad = " " * indent
        kind = self.chance.choice([ERROR, ESCALATION, SIGNAL, "message=g", "timer=PT2H", "when=flag"])
        beside = " beside" if kind != ERROR and self.chance.random() < 0.5 else ""
        lines.append(f"{pad}guard {self.id('guard')}")
        start, end = self.id("gstart"), self.id("gend")
        lines.append(f"{pad} start {start} {kind}{beside}")
        first, last = self.block(lines, indent + 1, depth)
        lines.append(f"{pad} end {end} {self.chance.choice(['', 'terminate', 'compensate'])}")
        lines.append(f"{pad} {start} -> {first}")
        lines.append(f"{pad} {last} -> {end}")

    def block(self, lines: list[str], indent: int, depth: int) -> tuple[str, str]:
        kinds = [self.work] if depth == 0 else [
            self.work, self.sequence, self.exclusive, self.parallel, self.inclusive, self.loop, self.sub,
            self.undone, self.events, self.complex, self.throw,
        ]  # fmt: skip
        return self.chance.choice(kinds)(lines, indent, depth)

    def work(self, lines: list[str], indent: int, depth: int) -> tuple[str, str]:
        kind = self.chance.choice(
            ["user", "user", "task", "service service=s.do", "receive message=m", "catch timer=PT1H",
             "catch signal=s", "catch when=flag", "catch all message=a,b", "catch message=c timer=PT1H"]
        )  # fmt: skip
        name, _space, options = kind.partition(" ")
        one = self.id(name)
        rounds = ""
        if name in ("user", "task", "service", "receive"):
            rounds = self.rounds()
        lines.append(f"{' ' * indent}{name} {one} {options} {rounds}")
        if name in ("user", "service", "receive"):
            self.border(lines, indent, one)
        return one, one

    def rounds(self) -> str:
        return self.chance.choice(
            ["", "", "", "parallel=2", "sequential=2", "loop= maximum=2", 'parallel=3 until="flag"',
             'parallel=2 until="maybe"', 'sequential=2 until="maybe"',
             "startQuantity=1 completionQuantity=2"]
        )  # fmt: skip

    def border(self, lines: list[str], indent: int, host: str) -> None:
        pad = " " * indent
        for _one in range(self.chance.choice([0, 0, 1, 2])):
            kind = self.chance.choice(
                [ERROR, ESCALATION, SIGNAL, "timer=PT1H", "cycle=R2/PT1H", "message=b", "when=flag",
                 "all message=p,q"]
            )  # fmt: skip
            beside = " beside" if kind != ERROR and self.chance.random() < 0.5 else ""
            event, end = self.id("border"), self.id("bend")
            after = self.id("after")
            lines += [
                f"{pad}boundary {event} on={host} {kind}{beside}",
                f"{pad}user {after}" if self.chance.random() < 0.5 else f"{pad}throw {after} compensate",
                f"{pad}end {end} {self.chance.choice(['', '', ERROR, ESCALATION])}",
                f"{pad}{event} -> {after} -> {end}",
            ]

    def sequence(self, lines: list[str], indent: int, depth: int) -> tuple[str, str]:
        first, middle = self.block(lines, indent, depth - 1)
        then, last = self.block(lines, indent, depth - 1)
        lines.append(f"{' ' * indent}{middle} -> {then}")
        return first, last

    def exclusive(self, lines: list[str], indent: int, depth: int) -> tuple[str, str]:
        return self.split(lines, indent, depth, "xor", "xor")

    def parallel(self, lines: list[str], indent: int, depth: int) -> tuple[str, str]:
        return self.split(lines, indent, depth, "and", self.chance.choice(["and", "or"]))

    def inclusive(self, lines: list[str], indent: int, depth: int) -> tuple[str, str]:
        return self.split(lines, indent, depth, "or", "or")

    def complex(self, lines: list[str], indent: int, depth: int) -> tuple[str, str]:
        return self.split(lines, indent, depth, "and", 'complex activation="activationCount >= 1"')

    def split(self, lines: list[str], indent: int, depth: int, kind: str, meets: str) -> tuple[str, str]:
        pad = " " * indent
        parts, (name, _space, options) = self.id(kind), meets.partition(" ")
        joins = self.id(name)
        lines += [f"{pad}{kind} {parts}", f"{pad}{name} {joins} {options}"]
        for number in range(self.chance.choice([2, 2, 3])):
            first, last = self.block(lines, indent, depth - 1)
            asked = " *" if number == 0 else self.chance.choice([" [flag]", " [flag]", " [maybe]"])
            condition = "" if kind == "and" else asked
            lines += [f"{pad}{parts} -> {first}{condition}", f"{pad}{last} -> {joins}"]
        return parts, joins

    def loop(self, lines: list[str], indent: int, depth: int) -> tuple[str, str]:
        pad = " " * indent
        again, ask, over = self.id("again"), self.id("user"), self.id("over")
        lines += [f"{pad}xor {again}", f"{pad}user {ask}", f"{pad}xor {over}"]
        first, last = self.block(lines, indent, depth - 1)
        out = self.id("task")
        lines += [
            f"{pad}task {out}",
            f"{pad}{again} -> {ask} -> {first}",
            f"{pad}{last} -> {over}",
            f"{pad}{over} -> {again} [again]",
            f"{pad}{over} -> {out} *",
        ]
        return again, out

    def sub(self, lines: list[str], indent: int, depth: int) -> tuple[str, str]:
        kind = self.chance.choice(["sub", "sub", "transaction"])
        one = self.id(kind)
        lines.append(f"{' ' * indent}{kind} {one} {self.rounds()}")
        lines += self.scope(indent + 1, depth - 1, in_transaction=kind == "transaction")
        self.border(lines, indent, one)
        if kind == "transaction":
            event, end = self.id("cancelled"), self.id("cend")
            pad = " " * indent
            lines += [f"{pad}boundary {event} on={one} cancel", f"{pad}end {end}", f"{pad}{event} -> {end}"]
        return one, one

    def undone(self, lines: list[str], indent: int, depth: int) -> tuple[str, str]:
        pad = " " * indent
        done, event, undo = self.id("done"), self.id("undoable"), self.id("undo")
        lines += [
            f"{pad}{self.chance.choice(['task', 'user'])} {done} {self.rounds()}",
            f"{pad}{self.chance.choice(['task', 'user', 'service'])} {undo} undoes service=s.undo",
            f"{pad}boundary {event} on={done} compensate undone_by={undo}",
        ]
        return done, done

    def throw(self, lines: list[str], indent: int, depth: int) -> tuple[str, str]:
        one = self.id("throw")
        kind = self.chance.choice([ESCALATION, SIGNAL, "compensate", "message=t"])
        lines.append(f"{' ' * indent}throw {one} {kind}")
        return one, one

    def events(self, lines: list[str], indent: int, depth: int) -> tuple[str, str]:
        pad = " " * indent
        gateway, joins = self.id("event"), self.id("xor")
        lines += [f"{pad}event {gateway}", f"{pad}xor {joins}"]
        told = self.chance.choice(["catch message=w", "receive message=r"])
        for kind in ("catch timer=PT1H", told, "catch when=flag"):
            one = self.id("ev")
            lines += [f"{pad}{kind.replace(' ', f' {one} ')}", f"{pad}{gateway} -> {one} -> {joins}"]
        return gateway, joins
