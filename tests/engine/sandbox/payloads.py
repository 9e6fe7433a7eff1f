# ruff: noqa: E501 - one payload, one line
"""What a hostile script tries: to get out, to find what is not its own, to leave something behind, to hang.

The secret of its file also stands in the environment, under ``PAYLOAD_SECRET``. A payload is held if it ends in
time, the secret is not in what it gives, the marker does not exist, the values it was given are unchanged
outside, and ``after``, a script run next, ends with a true ``ok``.
"""

from __future__ import annotations

from tests.engine.payload import Payload


def _escape(name: str, source: str, after: str = "ok = True") -> Payload:
    return Payload(name=name, kind="escape", source=source, after=after)


def _leak(name: str, source: str, after: str = "ok = True") -> Payload:
    return Payload(name=name, kind="leak", source=source, after=after)


def _time(name: str, source: str) -> Payload:
    return Payload(name=name, kind="time", source=source)


def _memory(name: str, source: str) -> Payload:
    return Payload(name=name, kind="memory", source=source)


PAYLOADS: tuple[Payload, ...] = (
    # By attributes, subclasses and globals.
    _escape(
        "subclass walk",
        "for _c in ().__class__.__base__.__subclasses__():\n"
        "    if 'wrap_close' in _c.__name__:\n"
        "        result = _c.__init__.__globals__['popen']('touch @MARKER@').read()",
    ),
    _escape("mro", "result = str(''.__class__.__mro__[-1].__subclasses__())"),
    _escape("getattr walk", "result = str(getattr(getattr((), '__class__'), '__base__').__subclasses__())"),
    _escape("function globals", "def _f(): pass\nresult = str(_f.__globals__['__builtins__'])"),
    _escape("host function globals", "result = str(log.__globals__)"),
    _escape("host function closure", "result = str(throw_error.__self__.__class__.__init__.__globals__)"),
    _escape("code object", "def _f(): pass\n_f.__code__ = (lambda: open('@SECRET@').read()).__code__\nresult = _f()"),
    _escape("lambda code", "result = str((lambda: 0).__code__.co_consts)"),
    _escape("generator frame", "_g = (1 for _ in [1])\nresult = str(_g.gi_frame.f_back.f_globals)"),
    _escape(
        "traceback frame",
        "try:\n    1 / 0\nexcept Exception as _e:\n    result = str(_e.__traceback__.tb_frame.f_back.f_globals)",
    ),
    _escape("exception chain", "try:\n    throw_error(1)\nexcept Exception as _e:\n    result = str(_e.__context__.__traceback__)"),
    _escape("type call", "_T = type('T', (object,), {'__del__': lambda _s: None})\nresult = str(_T().__dict__)"),
    _escape("metaclass", "class _M(type):\n    def __call__(_c): return 1\nclass _A(metaclass=_M): pass\nresult = str(_A.__bases__)"),
    _escape("builtins name", "result = str(__builtins__['__import__']('os').environ)"),
    _escape("builtins module", "import builtins\nresult = builtins.open('@SECRET@').read()"),
    _escape("loader", "result = str(__loader__.load_module('os').environ)"),
    _escape("spec", "result = str(__spec__.loader.get_data('@SECRET@'))"),
    _escape("module of a class", "import collections\nresult = str(collections._sys.modules)"),
    _escape("sys through a module", "import json\nresult = str(json.decoder.scanner.sys.modules['os'].environ)"),
    _escape("calendar's sys", "import calendar\nresult = str(calendar.sys.modules['os'].environ)"),
    _escape("copy's import", "import copy\nresult = str(copy.copyreg.__builtins__)"),
    _escape("functools reduce", "import functools\nresult = str(functools.reduce(getattr, ['__class__', '__base__', '__subclasses__'], ()))"),
    # By what runs text.
    _escape("eval", "result = eval(\"__import__('os').popen('touch @MARKER@').read()\")"),
    _escape("exec", "exec(\"import os\\nos.system('touch @MARKER@')\")\nresult = 1"),
    _escape("compile", "result = str(eval(compile(\"open('@SECRET@').read()\", 'x', 'eval')))"),
    _escape("import call", "result = __import__('subprocess').check_output(['cat', '@SECRET@'])"),
    # By modules.
    _escape("os.system", "import os\nos.system('touch @MARKER@')\nresult = 1"),
    _escape("os.popen", "import os\nresult = os.popen('cat @SECRET@').read()"),
    _escape("os.environ", "import os\nresult = str(os.environ) + str(os.getenv('PAYLOAD_SECRET'))"),
    _escape("os.listdir", "import os\nresult = str(os.listdir('/'))"),
    _escape("os.fork", "import os\nwhile True:\n    os.fork()"),
    _escape("os.kill", "import os\nos.kill(os.getppid(), 9)\nresult = 1"),
    _escape("subprocess", "import subprocess\nresult = subprocess.run(['touch', '@MARKER@'])"),
    _escape("socket", "import socket\n_s = socket.create_connection(('127.0.0.1', @PORT@))\nresult = str(_s.recv(99))"),
    _escape("urllib", "import urllib.request\nresult = urllib.request.urlopen('file://@SECRET@').read()"),
    _escape("ctypes", "import ctypes\nresult = ctypes.CDLL(None).system(b'touch @MARKER@')"),
    _escape("pickle", "import pickle\nresult = pickle.loads(b\"cos\\nsystem\\n(S'touch @MARKER@'\\ntR.\")"),
    _escape("asyncio process", "import asyncio\nasync def _f():\n    return await asyncio.create_subprocess_shell('touch @MARKER@')\nresult = str(asyncio.run(_f()))"),
    _escape("module of the host", "import sitecustomize\nresult = sitecustomize.CANARY\nsitecustomize.CANARY = 'poison'"),
    # By files.
    _escape("read a file", "result = open('@SECRET@').read()"),
    _escape("write a file", "open('@MARKER@', 'w').write('x')\nresult = 1"),
    _escape("read by pathlib", "from pathlib import Path\nresult = Path('@SECRET@').read_text()"),
    _escape("write by pathlib", "from pathlib import Path\nPath('@MARKER@').write_text('x')\nresult = 1"),
    _escape("walk by pathlib", "from pathlib import Path\nresult = [str(_p) for _p in Path('/proc/self').iterdir()]"),
    _escape("own memory", "result = open('/proc/self/environ').read() + open('/proc/self/maps').read()"),
    _escape("parent's environment", "result = [open(f'/proc/{_n}/environ').read() for _n in range(1, 400)]"),
    _escape("out of the working folder", "result = open('../../../../../../../..@SECRET@').read()"),
    # By format strings.
    _escape("format attribute", "result = '{0.__class__.__init__.__globals__}'.format(log)"),
    _escape("format map", "result = '{x.__globals__[os].environ}'.format_map({'x': log})"),
    _escape("format by index", "result = '{0[__builtins__]}'.format(shared)"),
    _escape("f-string attribute", "result = f'{shared.__class__.__base__.__subclasses__()}'"),
    _escape("percent format", "result = '%(__class__)s %(name)s' % shared"),
    # Ours: the names by which values are handed over, the calls the host offers.
    _escape("the collector's names", "callwright_values = {'x': 1}\nresult = 1"),
    _escape("end of the collector", "result = 1\n'''"),
    _escape("host call with everything", "log(shared)\nresult = 1"),
    _escape("host call with a class", "class _T(str): pass\nlog(_T('x'))\nresult = 1"),
    _escape("error with a NUL", "throw_error('A\\0B' * 1000, '\\0' * 100000)"),
    # What stays behind.
    _leak("global left behind", "left_behind = 'x'\nresult = 1", "try:\n    left_behind\n    ok = False\nexcept NameError:\n    ok = True"),
    _leak("built-in replaced", "len = lambda _x: 42\nsum = 7\nresult = 1", "ok = len([1]) == 1 and sum([1, 2]) == 3"),
    _leak("module attribute", "import math\nmath.pi = 4\nresult = 1", "import math\nok = 3.14 < math.pi < 3.15"),
    _leak("module function", "import json\njson.dumps = lambda _x: 'poison'\nresult = 1", "import json\nok = json.dumps([]) == '[]'"),
    _leak("module of our own", "import sys\nsys.modules['os'] = 'poison'\nsys.path.append('/')\nresult = 1", "import os\nok = os.getcwd() == '/'"),
    _leak("working folder", "import os\nos.chdir('/etc')\nresult = 1", "import os\nok = os.getcwd() == '/'"),
    _leak("input changed", "shared['items'].append('poison')\nshared['name'] = 'poison'\nresult = 1"),
    _leak("random seeded", "import random\nrandom.seed(1)\nresult = 1", "import random\nok = random.random() != 0.13436424411240122"),
    _leak("class attribute", "class _A:\n    x = []\n_A.x.append(1)\nresult = len(_A.x)"),
    _leak("default argument", "def _f(_x=[]):\n    _x.append(1)\n    return len(_x)\n_f()\nresult = _f()"),
    _leak("decimal context", "import decimal\ndecimal.getcontext().prec = 2\nresult = 1", "from decimal import Decimal\nok = str(Decimal(1) / 3)[:6] == '0.3333'"),
    _leak("object address", "result = str(id(shared)) + repr(log) + repr(lambda: 0)"),
    _leak("clock", "import time\n_a = time.perf_counter()\nfor _i in range(100000): pass\nresult = time.perf_counter() - _a"),
    # Time.
    _time("endless loop", "while True:\n    pass"),
    _time("loop that catches", "while True:\n    try:\n        while True: pass\n    except BaseException:\n        pass"),
    _time("loop in finally", "try:\n    while True: pass\nfinally:\n    while True: pass"),
    _time("sleep", "import time\ntime.sleep(1000)\nresult = 1"),
    _time("many sleeps", "import time\nwhile True:\n    time.sleep(1)"),
    _time("asynchronous sleep", "import asyncio\nasyncio.run(asyncio.sleep(1000))\nresult = 1"),
    _time("recursion", "def _f(_n): return _f(_n + 1)\n_f(0)"),
    _time("recursion that catches", "def _f():\n    try:\n        _f()\n    except RecursionError:\n        _f()\n_f()"),
    _time("power", "result = 9 ** 9 ** 9"),
    _time("factorial", "_x = 1\nfor _i in range(1, 10**7): _x *= _i\nresult = _x % 7"),
    _time("digits of a big number", "result = len(str(7 ** 3000000))"),
    _time("big number from text", "result = int('9' * 1000000) % 7"),
    _time("regular expression", "import re\nresult = bool(re.match('(a+)+$', 'a' * 50 + 'b'))"),
    _time("nested regular expression", "import re\nresult = bool(re.match('(.*)*(.*)*(.*)*x', 'a' * 5000))"),
    _time("sort", "_x = list(range(1000000))\nwhile True: _x.sort(key=lambda _v: -_v)"),
    _time("sum of a range", "result = sum(range(10 ** 12))"),
    _time("membership", "result = (10 ** 12 + 1) in (_i for _i in range(10 ** 13))"),
    _time("host calls", "while True:\n    try:\n        log('x')\n    except BaseException:\n        pass"),
    _time("prints", "while True:\n    print('x' * 100)"),
    _time("nested data", "_a = []\nfor _i in range(100000): _a = [_a]\nresult = _a"),
    _time("comparison of doubled lists", "_a, _b = [1], [1]\nfor _i in range(60):\n    _a, _b = [_a, _a], [_b, _b]\nresult = _a == _b"),
    # Memory.
    _memory("text by factor", "result = 'x' * 10 ** 12"),
    _memory("text doubled", "_x = 'x'\nwhile True: _x += _x"),
    _memory("list doubled", "_x = [1]\nwhile True: _x.extend(_x)"),
    _memory("list of a range", "result = list(range(10 ** 9))"),
    _memory("many objects", "_x = []\nwhile True: _x.append({'a': [1, 2, 3]})"),
    _memory("dictionary", "_x = {}\n_i = 0\nwhile True:\n    _x[_i] = str(_i)\n    _i += 1"),
    _memory("width of a format", "result = '%9999999999d' % 1"),
    _memory("width of an f-string", "result = f'{1:>9999999999}'"),
    _memory("precision of an f-string", "result = f'{1.5:.2000000000f}'"),
    _memory("shift", "result = 1 << (10 ** 11)"),
    _memory("join", "result = ('x' * 10 ** 6).join(['y'] * 10 ** 6)"),
    _memory("replace", "result = ('a' * 10 ** 6).replace('a', 'b' * 10 ** 6)"),
    _memory("just below the limit", "_x = 'x' * (50 << 20)\nresult = 1"),
    _memory("large result", "result = 'x' * (20 << 20)"),
    _memory("wide result", "result = [0] * (4 << 20)"),
    _memory("doubled result", "result = [1]\nfor _i in range(40): result = [result, result]"),
    _memory("cyclic result", "result = []\nresult.append(result)"),
    _memory("many keys", "result = {str(_i): _i for _i in range(10 ** 6)}"),
)  # fmt: skip
