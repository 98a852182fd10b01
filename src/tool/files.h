/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The files of one command line. Before anything is opened for writing: can the outputs be written,
 * and is none of them a file that is read, that an open snapshot builds on, or another output?
 */
#ifndef TOOL_FILES_H
#define TOOL_FILES_H

#include <sys/types.h>

#include "facts/error.h"
#include "snapshot/chain.h"
#include "snapshot/pipes.h"
#include "tool/options.h"

#define FILES_SPOOLED 4u

struct files {
    enum cli_verb verb;
    struct known_file {
        dev_t device;
        ino_t file;
        char *why; /* it must not be written over */
    } * known;
    size_t nr_known;
    struct spooled spooled[FILES_SPOOLED]; /* inputs that came through pipes */
    size_t nr_spooled;
};

/* Checks all files of the options, and reads inputs that are no files into memory where the verb
 * wants to read them anywhere: their paths in the options change. */
int files_begin(enum cli_verb verb, struct cli_options *options, struct files *files,
                struct vgic5_error *error);
void files_end(struct files *files);

/* What a running guest is asked to save. `base` may be NULL. */
int files_allow_save(const struct files *files, const char *path, const char *base,
                     struct vgic5_error *error);
/* The snapshot at `path` has been written, and builds on `base`. */
void files_add_base(struct files *files, const char *path, const char *base);

#endif
