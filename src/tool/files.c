/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/files.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

/* ---- What must not be written over ----------------------------------------------------------- */

static const struct known_file *find(const struct files *files, const struct stat *status)
{
    for (size_t n = 0; n < files->nr_known; n++)
        if (files->known[n].device == status->st_dev && files->known[n].file == status->st_ino)
            return &files->known[n];
    return NULL;
}

/* Without memory it is not known, and so not kept from being written over: nothing else fails. */
static void add(struct files *files, const char *path, const char *format, const char *whose)
{
    struct known_file *grown;
    struct stat status;
    char *why;

    if (stat(path, &status) != 0 || !S_ISREG(status.st_mode) || find(files, &status))
        return;
    grown = realloc(files->known, (files->nr_known + 1) * sizeof(*grown));
    if (!grown)
        return;
    files->known = grown;
    why = malloc(strlen(format) + strlen(whose) + 1);
    if (!why)
        return;
    sprintf(why, format, whose);
    files->known[files->nr_known++] = (struct known_file){status.st_dev, status.st_ino, why};
}

/* All that the snapshot at `path` builds on, as far as it can be found. */
static void add_bases(struct files *files, const char *path, const char *given)
{
    char here[PATH_MAX], there[PATH_MAX];

    snprintf(here, sizeof(here), "%s", path);
    for (unsigned level = 1; level < VGIC5_CHAIN_MAX; level++) {
        struct vgic5_snapshot *snapshot;
        const char *name;
        bool more;

        if (vgic5_snapshot_open_file(here, &snapshot, NULL) != 0)
            return;
        more = vgic5_snapshot_base(snapshot, &name) && (given || name);
        if (more && given)
            snprintf(there, sizeof(there), "%s", given);
        else if (more)
            more = chain_path_of_base(here, name, there);
        vgic5_snapshot_close(snapshot);
        if (!more || access(there, R_OK) != 0)
            return;
        add(files, there, "%s builds on it", here);
        memcpy(here, there, sizeof(here));
        given = NULL;
    }
}

void files_add_base(struct files *files, const char *path, const char *base)
{
    add(files, base, "%s builds on it", path);
    add_bases(files, base, NULL);
}

/* ---- Inputs ---------------------------------------------------------------------------------- */

static bool is_regular(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

/* A snapshot that another is read with is read more than once, and is named in files. */
static bool must_be_regular(const struct cli_file *input)
{
    return input->option == OPTION_base || input->option == OPTION_on_base ||
           input->option == OPTION_memory;
}

/* `restore` reads its snapshot from front to back. */
static bool is_read_anywhere(enum cli_verb verb, const struct cli_file *input)
{
    return input->option != NR_OPTIONS || verb != VERB_restore;
}

static int check_input(struct files *files, const struct cli_file *input, struct vgic5_error *error)
{
    const char *path = *input->path;
    struct stat status;

    if (stat(path, &status) != 0)
        return error_set(error, VGIC5_CAUSE_ENVIRONMENT, -errno, "%s %.400s: %s", input->what, path,
                         strerror(errno));
    if (S_ISDIR(status.st_mode))
        return error_set(error, VGIC5_CAUSE_ENVIRONMENT, -EISDIR, "%s %.400s is a directory",
                         input->what, path);
    if (!S_ISREG(status.st_mode) && must_be_regular(input))
        return error_set(error, VGIC5_CAUSE_ENVIRONMENT, -EINVAL, "%s %.400s is not a regular file",
                         input->what, path);
    add(files, path, "%s is read from it", input->what);
    if (!S_ISREG(status.st_mode) && is_read_anywhere(files->verb, input) &&
        files->nr_spooled < FILES_SPOOLED)
        return pipe_spool(input->path, &files->spooled[files->nr_spooled++], error);
    return 0;
}

/* ---- Outputs --------------------------------------------------------------------------------- */

/* Of `path`, with the last slash; "." for a name alone. */
static bool directory_of(const char *path, char to[PATH_MAX])
{
    const char *slash = strrchr(path, '/');
    size_t length = slash ? (size_t)(slash - path) + 1 : 0;

    if (length >= PATH_MAX)
        return false;
    memcpy(to, length == 0 ? "." : path, length == 0 ? 1 : length);
    to[length == 0 ? 1 : length] = '\0';
    return true;
}

/* Names in /proc/self/fd, also behind links like /dev/stdout, are files that are open already. */
static bool is_open_file(const char *path, const char *directory)
{
    char link[sizeof("/proc/")] = "";
    struct statfs system;

    return (readlink(path, link, sizeof(link) - 1) > 0 && strcmp(link, "/proc/") == 0) ||
           (statfs(directory, &system) == 0 && system.f_type == PROC_SUPER_MAGIC);
}

/* A snapshot is made beside its place and renamed into it, other outputs are written in place. */
static bool is_renamed(const struct cli_options *options, enum cli_option option)
{
    return option == OPTION_save || option == NR_OPTIONS ||
           (option == OPTION_output && options->memory);
}

static int bad_output(struct vgic5_error *error, const char *what, const char *path,
                      const char *why)
{
    return error_set(error, VGIC5_CAUSE_ENVIRONMENT, -EINVAL, "%s %.400s cannot be written: %s",
                     what, path, why);
}

/* There is something at its place. */
static int check_present(const char *what, const char *path, const struct stat *there, bool renamed,
                         struct vgic5_error *error)
{
    if (S_ISDIR(there->st_mode))
        return bad_output(error, what, path, "it is a directory");
    if (S_ISSOCK(there->st_mode))
        return bad_output(error, what, path, "it is a socket");
    if (renamed && !S_ISREG(there->st_mode) && !S_ISFIFO(there->st_mode))
        return bad_output(error, what, path, "it is a device, expected a file or nothing");
    if (!renamed && access(path, W_OK) != 0)
        return bad_output(error, what, path, strerror(errno));
    return 0;
}

static int check_place(const char *what, const char *path, bool renamed, struct vgic5_error *error)
{
    char directory[PATH_MAX];
    struct stat there;
    bool present;
    int ret = 0;

    if (*path == '\0' || !directory_of(path, directory))
        return bad_output(error, what, path, "it is not the name of a file");
    present = stat(path, &there) == 0;
    if (present)
        ret = check_present(what, path, &there, renamed, error);
    else if (errno == ENAMETOOLONG)
        ret = bad_output(error, what, path, strerror(errno));
    if (ret != 0 || (present && (!renamed || S_ISFIFO(there.st_mode))))
        return ret;
    if (is_open_file(path, directory))
        return bad_output(error, what, path,
                          "it is a file that is open already; name that, or write into a pipe");
    if (path[strlen(path) - 1] == '/')
        return bad_output(error, what, path, "it is not the name of a file");
    if (stat(directory, &there) != 0 || access(directory, W_OK | X_OK) != 0)
        return error_set(error, VGIC5_CAUSE_ENVIRONMENT, -errno,
                         "%s %.300s cannot be written: %.300s: %s", what, path, directory,
                         strerror(errno));
    if (!S_ISDIR(there.st_mode))
        return bad_output(error, what, path, "its directory is none");
    return 0;
}

static int check_output(const struct files *files, const char *what, const char *path, bool renamed,
                        struct vgic5_error *error)
{
    const struct known_file *known;
    struct stat there;

    if (stat(path, &there) == 0 && S_ISREG(there.st_mode)) {
        known = find(files, &there);
        if (known)
            return error_set(error, VGIC5_CAUSE_REQUEST, -EINVAL,
                             "%s %.200s cannot be written over: %.250s", what, path, known->why);
    }
    return check_place(what, path, renamed, error);
}

/* Would both be the same file? What is no file may be written to by both. */
static bool is_same(const char *a, const char *b)
{
    char directory[PATH_MAX], other[PATH_MAX];
    const char *name = strrchr(a, '/'), *name_b = strrchr(b, '/');
    struct stat one, two;

    if (stat(a, &one) == 0 && stat(b, &two) == 0)
        return one.st_dev == two.st_dev && one.st_ino == two.st_ino &&
               (S_ISREG(one.st_mode) || S_ISSOCK(one.st_mode));
    return strcmp(name ? name + 1 : a, name_b ? name_b + 1 : b) == 0 &&
           directory_of(a, directory) && directory_of(b, other) && stat(directory, &one) == 0 &&
           stat(other, &two) == 0 && one.st_dev == two.st_dev && one.st_ino == two.st_ino;
}

static int same_file(const char *what, const char *other, const char *path,
                     struct vgic5_error *error)
{
    return error_set(error, VGIC5_CAUSE_REQUEST, -EINVAL, "%s and %s are the same file, %.400s",
                     what, other, path);
}

/* One of several saves, and another output, whichever comes first. */
static int check_save(const struct files *files, struct cli_options *options,
                      const struct cli_file *output, const char *path, struct vgic5_error *error)
{
    struct cli_file other;

    for (size_t at = 0; cli_next_file(files->verb, options, &at, &other);)
        if (other.role != CLI_INPUT && other.path != output->path && is_same(*other.path, path))
            return same_file(output->what, other.what, path, error);
    return check_output(files, output->what, path, true, error);
}

/* Each of several counts is saved to FILE.N. */
static int check_saves(const struct files *files, struct cli_options *options,
                       const struct cli_file *output, struct vgic5_error *error)
{
    const char *counts = options->save_at_insn;
    size_t size = strlen(options->save) + 24;
    char *path = malloc(size);
    int ret = path ? 0 : error_no_memory(error, "a name");
    uint64_t count;

    while (ret == 0 && cli_next_count(&counts, &count)) {
        snprintf(path, size, "%s.%" PRIu64, options->save, count);
        ret = check_save(files, options, output, path, error);
    }
    free(path);
    return ret;
}

/* The outputs before this one. */
static int check_others(enum cli_verb verb, struct cli_options *options,
                        const struct cli_file *output, struct vgic5_error *error)
{
    struct cli_file other;

    for (size_t at = 0; cli_next_file(verb, options, &at, &other) && other.path != output->path;)
        if (other.role != CLI_INPUT && is_same(*other.path, *output->path))
            return same_file(other.what, output->what, *output->path, error);
    return 0;
}

/* ---- All ------------------------------------------------------------------------------------- */

static int check_inputs(struct files *files, struct cli_options *options, bool writes,
                        struct vgic5_error *error)
{
    struct cli_file file;
    int ret = 0;

    for (size_t at = 0; ret == 0 && cli_next_file(files->verb, options, &at, &file);) {
        bool is_snapshot = file.option == NR_OPTIONS || must_be_regular(&file);

        if (file.role != CLI_INPUT)
            continue;
        if (writes && is_snapshot && is_regular(*file.path))
            add_bases(files, *file.path, file.option == NR_OPTIONS ? options->on_base : NULL);
        ret = check_input(files, &file, error);
    }
    return ret;
}

static int check_outputs(const struct files *files, struct cli_options *options,
                         struct vgic5_error *error)
{
    struct cli_file file;
    int ret = 0;

    for (size_t at = 0; ret == 0 && cli_next_file(files->verb, options, &at, &file);) {
        if (file.role == CLI_INPUT)
            continue;
        ret = check_others(files->verb, options, &file, error);
        if (ret != 0 || file.role == CLI_SOCKET)
            continue;
        if (file.option == OPTION_save && options->save_at_insn &&
            strchr(options->save_at_insn, ','))
            ret = check_saves(files, options, &file, error);
        else
            ret =
                check_output(files, file.what, *file.path, is_renamed(options, file.option), error);
    }
    return ret;
}

int files_begin(enum cli_verb verb, struct cli_options *options, struct files *files,
                struct vgic5_error *error)
{
    struct cli_file file;
    bool writes = false;
    int ret;

    *files = (struct files){.verb = verb};
    options->files = files;
    if (verb == VERB_save) /* they are the guest's */
        return 0;
    for (size_t at = 0; cli_next_file(verb, options, &at, &file);)
        writes |= file.role != CLI_INPUT;
    ret = check_inputs(files, options, writes, error);
    return ret == 0 ? check_outputs(files, options, error) : ret;
}

void files_end(struct files *files)
{
    for (size_t n = 0; n < files->nr_known; n++)
        free(files->known[n].why);
    free(files->known);
}

int files_allow_save(const struct files *files, const char *path, const char *base,
                     struct vgic5_error *error)
{
    struct stat status;

    if (base && stat(base, &status) != 0)
        return error_set(error, VGIC5_CAUSE_ENVIRONMENT, -errno, "the base %.400s: %s", base,
                         strerror(errno));
    if (base && !S_ISREG(status.st_mode))
        return error_set(error, VGIC5_CAUSE_REQUEST, -EINVAL,
                         "the base %.400s is a pipe or a device, expected a file", base);
    return check_output(files, "the snapshot", path, true, error);
}
