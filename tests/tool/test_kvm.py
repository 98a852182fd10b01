# SPDX-License-Identifier: BSD-3-Clause
"""`vgic5 kvm`: a VMM runs with an emulated /dev/kvm, is traced, is made to fail, and leaves nothing."""
import glob
import gzip
import json
import os
import pathlib
import re
import shutil
import signal
import struct
import subprocess
import tempfile
import time

import pytest

from conftest import BUILD, LONG, TOP, vgic5
from linux_guest import INITRD, TIMEOUT, kernel  # noqa: F401 (a fixture)

TOOL = os.path.join(BUILD, "vgic5")
MINIVMM = os.path.join(BUILD, "examples", "minivmm")
STATIC_MINIVMM = os.path.join(BUILD, "examples", "minivmm-static")
VMM = os.path.join(BUILD, "tests", "kvmd", "kvmd_vmm")
STATIC_VMM = os.path.join(BUILD, "tests", "kvmd", "kvmd_vmm_static")
SHIM = os.path.join(BUILD, "src", "shim", "vgic5-kvm-shim.so")
ARM64_SHIM = os.path.join(BUILD, "src", "shim", "vgic5-kvm-shim-aarch64.so")
NOBODY = 65534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")


def is_sanitized():
    """A sanitizer's run-time wants to be the first library, and a preloaded shim is before it."""
    symbols = subprocess.run(["nm", "-D", SHIM], stdout=subprocess.PIPE, text=True, check=True)
    return "__asan" in symbols.stdout or "__tsan" in symbols.stdout


def refusal():
    """Why there is no emulated /dev/kvm with this Unicorn; None with 2.0, where there has to be."""
    version = subprocess.run(["pkg-config", "--modversion", "unicorn"], stdout=subprocess.PIPE,
                             text=True, check=False).stdout
    result = vgic5("kvm", "--", "true", status=None)
    words = "lets accesses to devices leave"
    return words if not version.startswith("2.0.") and words in result.err else None


pytestmark = [
    pytest.mark.skipif(is_sanitized(), reason="a sanitizer wants to be preloaded first"),
    pytest.mark.skipif(not is_sanitized() and refusal() is not None,
                       reason="vgic5 kvm refuses this Unicorn"),
]

PROBE = """
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
int main(int argc, char **argv)
{
    int fd = open("/dev/kvm", O_RDWR);
    int version = ioctl(fd, 0xae00, 0);
    printf("%d %s\\n", version, version < 0 ? strerror(errno) : "");
    fflush(stdout);
    if (argc > 1 && argv[1][0] == 'w') {
        pause();
        printf("%d\\n", ioctl(fd, 0xae00, 0) < 0 ? errno : 0);
    }
    return version == 12 ? 7 : 1;
}
"""


def compiled(directory, name, compiler="cc", *options):
    source, program = directory / "probe.c", directory / name
    source.write_text(PROBE)
    subprocess.run([compiler, *options, "-o", program, source], check=True)
    return program


@pytest.fixture(scope="module")
def probe(tmp_path_factory):
    directory = tmp_path_factory.mktemp("probe")
    directory.chmod(0o755)
    return compiled(directory, "probe")


@pytest.fixture(scope="module")
def static_probe(tmp_path_factory):
    directory = tmp_path_factory.mktemp("static")
    directory.chmod(0o755)
    return compiled(directory, "static", "cc", "-static")


def kvm(*arguments, place=None, **more):
    environment = dict(os.environ, **({"TMPDIR": str(place)} if place else {}))
    return vgic5("kvm", *arguments, env=environment, **more)


# ---- The command ---------------------------------------------------------------------------------

def test_the_exit_status_is_the_commands(probe, tmp_path):
    assert kvm("--", probe, status=7).text.split() == ["12"]
    assert kvm("--", "sh", "-c", "exit 42", status=42).err == ""
    kvm("--", "sh", "-c", "kill -9 $$", status=128 + signal.SIGKILL)
    assert "there is no program" in kvm("--", tmp_path / "none", status=3).err
    assert "COMMAND" in kvm(status=2).err
    assert kvm("--", "sh", "-c", "echo $0", "--help").text == "--help\n"


def test_the_contract_holds_through_it():
    for abi in ("v1", "7.4"):
        kvm("--abi", abi, "--", VMM, "conform")
    for part in ("descriptors", "pointers", "memory"):
        kvm("--abi", "7.4", "--", VMM, part)


@pytest.fixture(scope="module")
def arm64_vmm(tmp_path_factory):
    """The VMM of the tests for arm64, with what it needs of the libraries; those of C are Debian's."""
    if not os.path.exists(ARM64_SHIM):
        pytest.skip("no compiler for arm64")
    if not shutil.which("qemu-aarch64-static") and not shutil.which("qemu-aarch64"):
        pytest.skip("no qemu-user (Debian: qemu-user-static)")
    sources = [path for room in ("facts", "gicv5", "device", "conform", "kvm", "migration")
               for path in glob.glob(os.path.join(TOP, "src", room, "*.c"))
               if not path.endswith("_snapshot.c")]
    program = tmp_path_factory.mktemp("arm64") / "vmm"
    subprocess.run(["aarch64-linux-gnu-gcc", "-std=c11", "-D_GNU_SOURCE", "-pthread",
                    "-I" + os.path.join(TOP, "src"), "-I" + os.path.join(TOP, "include"), "-o",
                    program, os.path.join(TOP, "tests", "kvmd", "vmm.c"),
                    os.path.join(TOP, "tests", "kvmd", "vmm_threads.c"), *sources], check=True)
    return program


def test_the_contract_holds_for_an_arm64_program(arm64_vmm):
    for abi in ("v1", "7.4"):
        native = kvm("--abi", abi, "--", VMM, "conform")
        assert re.fullmatch(r"4\d\d passed, 0 failed, \d+ skipped\n", native.text)
        assert kvm("--abi", abi, "--", arm64_vmm, "conform").text == native.text
    for part in ("descriptors", "pointers", "memory", "no-memory"):
        kvm("--abi", "7.4", "--", arm64_vmm, part)


def test_a_static_program_meets_the_same_contract():
    for abi in ("v1", "7.4"):
        assert kvm("--abi", abi, "--", STATIC_VMM, "conform").text == \
            kvm("--abi", abi, "--", VMM, "conform").text
    for part in ("descriptors", "pointers", "memory"):
        kvm("--abi", "7.4", "--", STATIC_VMM, part)


@pytest.mark.skipif(not os.path.exists(ARM64_SHIM), reason="no compiler for arm64")
def test_a_static_arm64_program_is_refused(tmp_path):
    program = compiled(tmp_path, "static", "aarch64-linux-gnu-gcc", "-static")
    assert "linked statically and for arm64" in kvm("--", program, status=3).err


def test_a_static_program_that_opens_nothing(tmp_path):
    source, program = tmp_path / "main.c", tmp_path / "static"
    source.write_text("int main(void) { return 5; }")
    subprocess.run(["cc", "-static", "-o", program, source], check=True)
    for _ in range(5):
        assert kvm("--", program, status=5).err == ""


def test_a_static_program_is_not_recorded(static_probe, tmp_path):
    result = kvm("--real", "--record", tmp_path / "r", "--", static_probe, status=2)
    assert "recorder is preloaded" in result.err


@pytest.mark.skipif(not os.path.exists(ARM64_SHIM), reason="no compiler for arm64")
def test_an_arm64_program(tmp_path):
    program = compiled(tmp_path, "arm64", "aarch64-linux-gnu-gcc")
    if not shutil.which("qemu-aarch64-static") and not shutil.which("qemu-aarch64"):
        pytest.skip("no qemu-user")
    assert kvm("--", program, status=7).text.split() == ["12"]


@pytest.mark.skipif(not os.path.exists(ARM64_SHIM), reason="no compiler for arm64")
def test_the_package_is_named_that_is_missing(tmp_path):
    program = compiled(tmp_path, "arm64", "aarch64-linux-gnu-gcc")
    result = vgic5("kvm", "--", program, status=3, env={"PATH": "/nowhere"})
    assert "qemu-user-static" in result.err


def test_options_that_cannot_be():
    for words, what in ((["--abi", "7.3"], "7.1"), (["--gic", "spis=64"], "GRP_NR_IRQS"),
                        (["--gic", "abi=v1", "--abi", "7.4"], "--gic abi is v1"),
                        (["--real"], "--record FILE"),
                        (["--real", "--record", "r", "--gic", "lpi-bits=8"], "emulated one"),
                        (["--fault", "KVM_RUN"], "'='"), (["--fault", "KVM_WALK=EIO"], "no ioctl"),
                        (["--fault", "KVM_RUN:0=EIO"], "from 1"),
                        (["--fault", "KVM_RUN=EHUH"], "no errno")):
        assert what in kvm(*words, "--", "true", status=2).err


# ---- The shim ------------------------------------------------------------------------------------

def test_a_program_without_the_shim_is_an_error(tmp_path):
    """A script of a static interpreter: only its end shows that nothing of it had the shim."""
    source, program, script = tmp_path / "main.c", tmp_path / "static", tmp_path / "script"
    source.write_text("int main(void) { return 0; }")
    subprocess.run(["cc", "-static", "-o", program, source], check=True)
    script.write_text(f"#!{program}\n")
    script.chmod(0o755)
    assert "shim was never in it" in kvm("--", script, status=3).err


@pytest.mark.skipif(not os.access("/dev/kvm", os.R_OK | os.W_OK), reason="no /dev/kvm of its own")
def test_the_hosts_own_kvm_is_noticed(probe):
    result = kvm("--", "sh", "-c", f"unset LD_PRELOAD; {probe} wait; echo went on", status=3,
                 timeout=20)
    assert "own /dev/kvm" in result.err and "went on" not in result.text


# ---- What is seen --------------------------------------------------------------------------------

def test_the_trace_has_names_and_payloads(tmp_path):
    text, lines = tmp_path / "t", tmp_path / "t.ndjson"
    kvm("--abi", "7.4", "--trace", text, "--record", lines, "--", VMM, "conform")
    words = text.read_text()
    assert re.search(r"vm2 device KVM_SET_DEVICE_ATTR group=GRP_NR_IRQS attr=0x0 payload=0x40 = 0",
                     words)
    assert re.search(r"device KVM_GET_DEVICE_ATTR group=GRP_IRS_REGS attr=0x180 "
                     r"name=IRS_IST_BASER payload=0x0 = 0", words)
    assert re.search(r"KVM_GET_DEVICE_ATTR group=GRP_CPU_SYSREGS \S+ name=ICC_\w+ mpidr=0x\w+ "
                     r"payload=0x", words)
    assert " = -1 EBUSY\n" in words and "vcpu3 KVM_RUN" in words
    events = [json.loads(line) for line in lines.read_text().splitlines()]
    assert events[0] == {"abi": "7.4", "schema": "vgic5.kvm-record/1"}
    assert [event["n"] for event in events[1:]] == list(range(1, len(events)))
    assert len(words.splitlines()) == len(events) - 1
    ist = next(event for event in events if event.get("spis"))
    assert len(ist["spis"]) == 2 * int(ist["spi_size"], 16)


def test_the_suffix_makes_json(tmp_path):
    trace, record = tmp_path / "t.ndjson", tmp_path / "r"
    kvm("--trace", trace, "--record", record, "--", VMM, "descriptors")
    assert trace.read_bytes() == record.read_bytes() != b""


def test_a_trace_that_cannot_be_written(probe):
    result = kvm("--trace", "/dev/full", "--", "sh", "-c", f"{probe}; true", status=3)
    assert "/dev/full cannot be written" in result.err


def test_faults(probe):
    twice = f"{probe}; {probe}; {probe}; true"
    first = kvm("--fault", "KVM_GET_API_VERSION:2=EMFILE", "--", "sh", "-c", twice)
    assert [line.split()[0] for line in first.text.splitlines()] == ["12", "-1", "12"]
    assert "Too many open files" in first.text
    every = kvm("--fault", "KVM_GET_API_VERSION=EIO", "--", "sh", "-c", twice)
    assert [line.split()[0] for line in every.text.splitlines()] == ["-1"] * 3


def without_what_differs(path):
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    for line in lines:
        for key in ("n", "us", "exit", "guest", "size", "access"):  # the latter of kvm_run
            line.pop(key, None)
        if line.get("ioctl") in ("KVM_CREATE_VM", "KVM_CREATE_VCPU"):
            line.pop("value", None)  # a descriptor, for the VMM
    return lines


def test_a_hosts_own_kvm_is_recorded(tmp_path):
    """The emulated one stands in for it: what it writes down itself is what the recorder sees."""
    emulated, real = tmp_path / "emulated", tmp_path / "real"
    kvm("--abi", "7.4", "--record", emulated, "--", TOOL, "kvm", "--real", "--abi", "7.4",
        "--record", real, "--", VMM, "conform")
    assert len(without_what_differs(real)) > 10000
    assert without_what_differs(real) == without_what_differs(emulated)


# ---- What is left --------------------------------------------------------------------------------

def running(program, place, what="wait", word="12"):
    process = subprocess.Popen([TOOL, "kvm", "--", program, what], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, start_new_session=True,
                               env=dict(os.environ, TMPDIR=str(place)))
    assert process.stdout.readline().strip() == word
    below = {}
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(path, encoding="utf-8", errors="replace") as file:
                pid, rest = file.read().split(" (", 1)
        except OSError:
            continue
        name, fields = rest.rsplit(") ", 1)
        if int(fields.split()[1]) == process.pid:
            below["server" if name == "vgic5" else "vmm"] = int(pid)
    assert set(below) == {"server", "vmm"}
    return process, below


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rsplit(") ", 1)[1][0] not in "ZX"
    except OSError:
        return False


def until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def files_of_shm():
    return [name for name in glob.glob("/dev/shm/*") if "vgic5" in name or "kvm" in name]


def test_the_socket_is_its_users_alone(probe, tmp_path):
    process, below = running(probe, tmp_path)
    directory, = tmp_path.iterdir()
    socket, = directory.iterdir()
    assert directory.stat().st_mode & 0o777 == 0o700
    assert socket.stat().st_mode & 0o777 == 0o600
    os.kill(below["vmm"], signal.SIGTERM)
    assert process.wait(20) == 128 + signal.SIGTERM
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", ["probe", "static_probe"])
@pytest.mark.parametrize("who", ["tool", "server", "vmm"])
def test_killed_it_leaves_nothing(request, tmp_path, who, form):
    process, below = running(request.getfixturevalue(form), tmp_path)
    os.kill(process.pid if who == "tool" else below[who], signal.SIGKILL)
    if who == "server":
        os.kill(below["vmm"], signal.SIGTERM)
    out, err = process.communicate(timeout=20)
    until(lambda: not any(map(is_alive, below.values())))
    until(lambda: list(tmp_path.iterdir()) == [])
    assert files_of_shm() == [] and out == ""
    if who == "server":
        assert "the server died of signal 9" in err


SHARING = """
#include <fcntl.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
static void *share(void *unused)
{
    int vm = ioctl(open("/dev/kvm", O_RDWR), KVM_CREATE_VM, 0);
    for (;;) {
        char *ram = mmap(0, 4 << 20, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        struct kvm_userspace_memory_region region = {
            .memory_size = 4 << 20, .userspace_addr = (unsigned long)ram};
        memset(ram, 7, 4 << 20);
        ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region);
        region.memory_size = 0;
        ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region);
        munmap(ram, 4 << 20);
    }
    return unused;
}
int main(void)
{
    pthread_t thread;
    for (int n = 0; n < 3; n++)
        pthread_create(&thread, 0, share, 0);
    usleep(20000);
    return kill(getpid(), SIGKILL);
}
"""


def test_killed_while_it_is_held(tmp_path):
    """A thread that dies while the tool holds it does not keep its process."""
    source, program = tmp_path / "sharing.c", tmp_path / "sharing"
    source.write_text(SHARING)
    subprocess.run(["cc", "-static", "-pthread", "-o", program, source], check=True)
    for _ in range(10):
        kvm("--", program, status=128 + signal.SIGKILL, timeout=20)


def test_calls_under_way_are_eio_when_the_server_dies(tmp_path):
    """KVM_RUN of a guest that computes, and of one that waits, and the calls of a third thread; then
    every later one, in threads that had a connection and in one that never had."""
    for _ in range(5):
        process, below = running(VMM, tmp_path, "orphaned", "under way")
        os.kill(below["server"], signal.SIGKILL)
        start = time.monotonic()
        out, err = process.communicate(timeout=60)
        assert out == "all are EIO\n" and time.monotonic() - start < 10
        assert "the server died of signal 9" in err
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_to_the_tool_is_the_commands(number, probe, tmp_path):
    process, _ = running(probe, tmp_path)
    process.send_signal(number)
    assert process.wait(20) == 128 + number
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def open_place():
    """A directory in which every user may work; the tests' own are closed."""
    place = pathlib.Path(tempfile.mkdtemp())
    place.chmod(0o777)
    yield place
    shutil.rmtree(place)


def as_nobody(*words, **environment):
    return subprocess.run(["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY),
                           "--clear-groups", *map(str, words)], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=60,
                          env=dict(os.environ, **environment))


@as_root
def test_an_ordinary_user(probe, open_place):
    own = shutil.copy(probe, open_place)
    if as_nobody("test", "-x", TOOL).returncode != 0:
        pytest.skip("the build is closed to others")
    done = as_nobody(TOOL, "kvm", "--", own, TMPDIR=str(open_place))
    assert (done.returncode, done.stdout.split()) == (7, ["12"]), done.stderr
    assert [path.name for path in open_place.iterdir()] == ["probe"]


@as_root
def test_a_static_program_of_an_ordinary_user(open_place):
    own = shutil.copy(STATIC_VMM, open_place)
    if as_nobody("test", "-x", TOOL).returncode != 0:
        pytest.skip("the build is closed to others")
    for part in ("conform", "descriptors", "pointers", "memory"):
        done = as_nobody(TOOL, "kvm", "--abi", "7.4", "--", own, part, TMPDIR=str(open_place))
        assert done.returncode == 0, done.stdout + done.stderr


@as_root
def test_another_user_is_refused(probe, open_place):
    """Even one who may open the socket: root gives its server's to nobody."""
    process, _ = running(probe, open_place)
    directory, = open_place.iterdir()
    own, shim = shutil.copy(probe, open_place), shutil.copy(SHIM, open_place)
    directory.chmod(0o755)
    socket = directory / "socket"
    socket.chmod(0o777)
    done = as_nobody(own, LD_PRELOAD=shim, VGIC5_KVM_SOCKET=str(socket))
    process.terminate()
    process.wait(20)
    assert done.returncode == 1 and done.stdout.startswith("-1"), done.stderr


# ---- Linux ---------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def image(kernel, tmp_path_factory):  # noqa: F811
    """A VMM takes a plain Image."""
    with open(kernel, "rb") as file:
        data = file.read()
    if data[4:8] == b"zimg":
        begin, size = struct.unpack_from("<II", data, 8)
        form = data[24:56].split(b"\0")[0].decode()
        data = subprocess.run([form, "-dc"], input=data[begin:begin + size], check=True,
                              stdout=subprocess.PIPE).stdout
    elif data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    assert data[56:60] == b"ARMd"
    path = tmp_path_factory.mktemp("linux") / "Image"
    path.write_bytes(data)
    return path


def minivmm(*words, options=(), program=MINIVMM, **more):
    return kvm("--abi", "7.4", *options, "--", program, *words, timeout=TIMEOUT, **more)


def boot(image, cpus, *arguments, words="earlycon", **more):
    append = f"console=ttyS0 {words} cryptomgr.notests -- cpus={cpus}"
    return minivmm("--kernel", image, "--initrd", INITRD, "--smp", cpus, "--append", append,
                   *arguments, **more)


@pytest.mark.parametrize("cpus", [1, 2, 4])
def test_linux_boots(image, cpus):
    assert "init: PASS" in boot(image, cpus).text


@pytest.mark.skipif(not LONG, reason="long")
@pytest.mark.parametrize("cpus", [2, 4])
def test_boots_in_a_row(image, cpus, capsys):
    """None of them hangs. VGIC5_BOOTS is their number, for a shorter form by hand."""
    seconds = []
    for n in range(int(os.environ.get("VGIC5_BOOTS", "100"))):
        start = time.monotonic()
        try:
            text = boot(image, cpus, words="quiet").text
        except subprocess.TimeoutExpired as late:
            console = (late.stdout or b"").decode(errors="replace")
            pytest.fail(f"boot {n + 1} hangs after {seconds} s:\n{console[-2000:]}")
        assert "init: PASS" in text, f"boot {n + 1}"
        seconds.append(round(time.monotonic() - start, 1))
    with capsys.disabled():
        print(f"\n{len(seconds)} boots with {cpus} vCPUs in {sum(seconds):.0f} s, "
              f"{min(seconds)} to {max(seconds)} s each")


def test_linux_is_saved_and_restored(image, tmp_path):
    snapshot = tmp_path / "s"
    before = boot(image, 2, "--save", snapshot, "--at", "init: begin", "--exit")
    assert "init: PASS" not in before.text
    after = minivmm("--restore", snapshot)
    assert "init: PASS" in after.text


@pytest.mark.skipif(not os.path.exists(STATIC_MINIVMM), reason="no libfdt to link statically")
def test_linux_in_a_static_vmm(image, tmp_path):
    """Its vCPUs are stopped by signals for the save, and a restore is a VMM of its own."""
    snapshot = tmp_path / "s"
    before = boot(image, 2, "--save", snapshot, "--at", "init: begin", "--exit",
                  program=STATIC_MINIVMM)
    assert "init: begin" in before.text and "init: PASS" not in before.text
    assert "init: PASS" in minivmm("--restore", snapshot, program=STATIC_MINIVMM).text
