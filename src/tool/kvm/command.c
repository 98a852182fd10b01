/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/kvm/command.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shim/protocol.h"
#include "tool/kvm/notify.h"
#include "tool/report.h"

#define MOST_HEADERS 64u
#define ARM64_LIBRARIES "/usr/aarch64-linux-gnu"
#define ARM64_LOADER "/lib/ld-linux-aarch64.so.1"

#if defined(__aarch64__)
#define HOST_MACHINE EM_AARCH64
#elif defined(__x86_64__)
#define HOST_MACHINE EM_X86_64
#else
#define HOST_MACHINE EM_NONE
#endif

static bool is_program(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

/* As execvp(3) looks for it. */
static bool find_program(const char *name, char to[PATH_MAX])
{
    const char *path = getenv("PATH"), *end;

    if (strchr(name, '/'))
        return snprintf(to, PATH_MAX, "%s", name) < PATH_MAX && is_program(to);
    for (path = path ? path : "/usr/bin:/bin"; *path != '\0'; path = *end ? end + 1 : end) {
        end = strchrnul(path, ':');
        if (snprintf(to, PATH_MAX, "%.*s/%s", (int)(end - path), path, name) < PATH_MAX &&
            is_program(to))
            return true;
    }
    return false;
}

/* ---- What kind of program -------------------------------------------------------------------- */

enum linking { NO_ELF, STATIC, DYNAMIC };

static enum linking linking_of(int fd, const Elf64_Ehdr *header)
{
    unsigned number = header->e_phnum < MOST_HEADERS ? header->e_phnum : MOST_HEADERS;

    for (unsigned n = 0; n < number; n++) {
        Elf64_Phdr part;
        off_t at = (off_t)(header->e_phoff + n * sizeof(part));

        if (pread(fd, &part, sizeof(part), at) != sizeof(part))
            break;
        if (part.p_type == PT_INTERP)
            return DYNAMIC;
    }
    return STATIC;
}

/* A script, or what cannot be read, is the kernel's business: `*machine` is the host's. */
static enum linking look_at(const char *path, unsigned *machine)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    Elf64_Ehdr header;
    enum linking linking = NO_ELF;

    *machine = HOST_MACHINE;
    if (fd < 0)
        return NO_ELF;
    if (pread(fd, &header, sizeof(header), 0) == sizeof(header) &&
        memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 && header.e_ident[EI_CLASS] == ELFCLASS64 &&
        header.e_ident[EI_DATA] == ELFDATA2LSB && header.e_phentsize == sizeof(Elf64_Phdr)) {
        *machine = header.e_machine;
        linking = linking_of(fd, &header);
    }
    close(fd);
    return linking;
}

/* Then the kernel itself holds its calls: which an emulator of user programs answers before. */
static int check_static(const struct command *command, unsigned machine)
{
    if (command->is_real)
        return report(VERB_kvm, EXIT_USAGE,
                      "--real: %s is linked statically, and the recorder is preloaded by the "
                      "dynamic linker; link it dynamically",
                      command->program);
    if (machine == EM_AARCH64 && machine != HOST_MACHINE)
        return report(VERB_kvm, EXIT_ENVIRONMENT,
                      "%s is linked statically and for arm64: the shim is preloaded by the dynamic "
                      "linker and cannot get into it; link it dynamically, or build it for this "
                      "host",
                      command->program);
    if (!notify_is_possible())
        return report(VERB_kvm, EXIT_ENVIRONMENT,
                      "%s is linked statically: that works on x86-64 and arm64 alone",
                      command->program);
    return EXIT_DONE;
}

static int check_kind(struct command *command, unsigned *machine)
{
    struct stat status;

    if (!find_program(command->words[0], command->program))
        return report(VERB_kvm, EXIT_ENVIRONMENT, "there is no program %s", command->words[0]);
    command->is_static = look_at(command->program, machine) == STATIC;
    if (*machine != HOST_MACHINE && *machine != EM_AARCH64)
        return report(VERB_kvm, EXIT_ENVIRONMENT, "%s is for another architecture (ELF machine %u)",
                      command->program, *machine);
    if (stat(command->program, &status) == 0 && (status.st_mode & (S_ISUID | S_ISGID)))
        return report(VERB_kvm, EXIT_ENVIRONMENT,
                      "%s has the set-user-ID or set-group-ID bit: the dynamic linker preloads "
                      "nothing into such a program",
                      command->program);
    return command->is_static ? check_static(command, *machine) : EXIT_DONE;
}

/* ---- The shim -------------------------------------------------------------------------------- */

/* Beside the tool: in the build tree, and where both are installed. */
static int find_shim(struct command *command, const char *name)
{
    static const char *const places[] = {"../shim", VGIC5_FROM_BIN_TO_LIB "/vgic5"};
    char own[PATH_MAX] = "", *directory, path[2 * PATH_MAX];

    if (readlink("/proc/self/exe", own, sizeof(own) - 1) < 0)
        return report(VERB_kvm, EXIT_ENVIRONMENT, "/proc/self/exe: %s", strerror(errno));
    directory = dirname(own);
    for (size_t n = 0; n < sizeof(places) / sizeof(*places); n++) {
        snprintf(path, sizeof(path), "%s/%s/%s", directory, places[n], name);
        if (access(path, R_OK) == 0 && realpath(path, command->shim))
            return EXIT_DONE;
    }
    return report(VERB_kvm, EXIT_ENVIRONMENT, "%s is in neither %s/%s nor %s/%s", name, directory,
                  places[0], directory, places[1]);
}

/* ---- An arm64 program on another host -------------------------------------------------------- */

static int find_emulator(struct command *command)
{
    static const char *const names[] = {"qemu-aarch64-static", "qemu-aarch64"};

    for (size_t n = 0; n < sizeof(names) / sizeof(*names); n++) {
        if (!find_program(names[n], command->emulator))
            continue;
        command->needs_arm64_libraries = access(ARM64_LOADER, F_OK) != 0 &&
                                         access(ARM64_LIBRARIES, F_OK) == 0 &&
                                         !getenv("QEMU_LD_PREFIX");
        return EXIT_DONE;
    }
    return report(VERB_kvm, EXIT_ENVIRONMENT,
                  "%s is an arm64 program: neither qemu-aarch64-static nor qemu-aarch64 is here to "
                  "run it; apt-get install qemu-user-static",
                  command->program);
}

int command_look(char **words, bool is_real, struct command *command)
{
    unsigned machine = HOST_MACHINE;
    int ret;

    *command = (struct command){.words = words, .is_real = is_real};
    ret = check_kind(command, &machine);
    if (ret != EXIT_DONE)
        return ret;
    if (command->is_static)
        return EXIT_DONE;
    if (machine == HOST_MACHINE)
        return find_shim(command, is_real ? "vgic5-kvm-recorder.so" : "vgic5-kvm-shim.so");
    if (is_real)
        return report(VERB_kvm, EXIT_USAGE,
                      "--real: %s is an arm64 program, and this host's /dev/kvm is not for it",
                      command->program);
    ret = find_emulator(command);
    return ret != EXIT_DONE ? ret : find_shim(command, "vgic5-kvm-shim-aarch64.so");
}

/* ---- Starting it ----------------------------------------------------------------------------- */

static size_t count_words(char *const *words)
{
    size_t n = 0;

    while (words[n])
        n++;
    return n;
}

static void exec_emulated(const struct command *command, char *preload)
{
    size_t count = count_words(command->words), n = 0;
    char **words = calloc(count + 8, sizeof(*words));

    if (!words)
        return;
    words[n++] = (char *)(uintptr_t)command->emulator;
    if (command->needs_arm64_libraries) {
        words[n++] = "-L";
        words[n++] = ARM64_LIBRARIES;
    }
    words[n++] = "-E";
    words[n++] = preload;
    words[n++] = (char *)(uintptr_t)command->program;
    memcpy(words + n, command->words + 1, (count - 1) * sizeof(*words));
    execv(command->emulator, words);
    free(words);
}

void command_exec(const struct command *command, const char *socket)
{
    const char *theirs = command->emulator[0] ? NULL : getenv("LD_PRELOAD");
    char *preload;

    if (command->is_static) {
        execv(command->program, command->words);
        return;
    }
    if (setenv(command->is_real ? SHIM_RECORDER : SHIM_EMULATOR, socket, 1) != 0 ||
        asprintf(&preload, "LD_PRELOAD=%s%s%s", command->shim, theirs && *theirs ? ":" : "",
                 theirs ? theirs : "") < 0)
        return;
    if (command->emulator[0])
        exec_emulated(command, preload);
    else if (setenv("LD_PRELOAD", preload + strlen("LD_PRELOAD="), 1) == 0)
        execv(command->program, command->words);
    free(preload);
}
