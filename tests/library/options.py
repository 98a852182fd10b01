# SPDX-License-Identifier: BSD-3-Clause
"""The build's options: what needs little is built with little, and a subproject takes no more than
it is asked for.

usage: options.py TOP COMPILER... ; with VGIC5_LONG the tool without Unicorn, too.
"""
import glob
import os
import shutil
import subprocess
import sys
import tempfile

top, compiler = sys.argv[1], sys.argv[2:]
checks = []


def check(good, what, words=""):
    checks.append(good)
    print(f"{'ok' if good else 'not ok'} {len(checks)} - {what}", flush=True)
    if not good and words:
        print(words)
    return good


def run(command, **more):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)


def built(what, build, source, *options, env=None):
    """Configured and built; the words of the first step that fails."""
    env = {**os.environ, "CC": " ".join(compiler), **(env or {})}
    done = run(["meson", "setup", build, source, "-Dwerror=true", *options], env=env)
    if done.returncode == 0:
        done = run(["ninja", "-C", build], env=env)
    return check(done.returncode == 0, what, done.stdout[-3000:])


def path_with_little(scratch):
    """A PATH with a C compiler, and what meson itself is."""
    little = os.path.join(scratch, "bin")
    os.mkdir(little)
    for name in [compiler[-1], "ar", "as", "ld", "rm", "ln", "meson", "ninja", "python3"]:
        os.symlink(shutil.which(name), os.path.join(little, os.path.basename(name)))
    return little


def alone(scratch):
    """libvgic5 by itself, where there is nothing but a compiler."""
    build = os.path.join(scratch, "alone")
    if built("libvgic5 is built with nothing but a C compiler", build, top, "-Dauto_features=disabled",
             env={"PATH": path_with_little(scratch)}):
        libraries = [os.path.basename(path) for path in glob.glob(build + "/src/*.so")]
        check(libraries == ["libvgic5.so"], "and nothing else is", str(libraries))


SUBPROJECT = """
project('vmm', 'c', meson_version: '>=1.0')
executable('vmm', 'vmm.c', install: true,
  dependencies: [dependency('vgic5', fallback: 'vgic5'),
                 dependency('vgic5-migration', fallback: 'vgic5')])
"""
PROGRAM = """
#include <stdio.h>
#include <vgic5/device.h>
#include <vgic5/migration.h>
#if !VGIC5_VERSION_AT_LEAST(0, 1, 0) || VGIC5_VERSION_AT_LEAST(VGIC5_VERSION_MAJOR + 1, 0, 0)
#error "the version"
#endif
int main(void)
{
    return !vgic5_state_section_types() || puts(vgic5_version()) < 0;
}
"""


def subproject(scratch):
    """A VMM's own project, in which this one lies under subprojects/."""
    vmm, build, root = (os.path.join(scratch, name) for name in ("vmm", "vmm-build", "root"))
    os.makedirs(os.path.join(vmm, "subprojects"))
    os.symlink(top, os.path.join(vmm, "subprojects", "vgic5"))
    for name, text in (("meson.build", SUBPROJECT), ("vmm.c", PROGRAM)):
        with open(os.path.join(vmm, name), "w", encoding="utf-8") as file:
            file.write(text)
    # Where the libraries are installed they would be taken.
    if not built("a project takes it as a subproject", build, vmm, "--force-fallback-for=vgic5"):
        return
    said = run([os.path.join(build, "vmm")])
    version = run(["meson", "introspect", "--projectinfo", build]).stdout
    check(said.returncode == 0 and f'"version": "{said.stdout.split()[-1]}"' in version,
          "the program runs, and its version is the project's", said.stdout + version)
    check(run(["meson", "test", "-C", build, "--list"]).stdout.count(" / ") == 0,
          "no test comes along")
    run(["meson", "install", "-C", build, "--no-rebuild", "--destdir", root])
    files = [os.path.join(d, f) for d, _, names in os.walk(root) for f in names]
    check([os.path.basename(path) for path in files] == ["vmm"], "nothing is installed unasked",
          str(files))


def without_unicorn(scratch):
    """The tool, with the verbs that need no guest."""
    build = os.path.join(scratch, "tool")
    if not built("the tool is built without Unicorn", build, top, "-Dauto_features=enabled",
                 *(f"-D{name}=disabled" for name in ("unicorn", "kvm", "guests", "tests"))):
        return
    tool = os.path.join(build, "src", "tool", "vgic5")
    golden = os.path.join(top, "tests", "golden", "1-v1-linear.vgic5")
    check("this tool: BSD-3-Clause" in run([tool, "--version"]).stdout, "it is BSD")
    for words in (["inspect", golden], ["diff", golden, golden], ["plan", "restore"],
                  ["conform", "--abi", "7.4"]):
        done = run([tool, *words])
        check(done.returncode == 0, f"vgic5 {words[0]}", done.stdout[-1000:])
    done = run([tool, "run", "--kernel", golden])
    check(done.returncode == 3 and "built without Unicorn" in done.stdout, "vgic5 run says so",
          done.stdout)


with tempfile.TemporaryDirectory(prefix="vgic5-options-") as where:
    alone(where)
    subproject(where)
    if os.environ.get("VGIC5_LONG"):
        without_unicorn(where)
sys.exit(not all(checks))
