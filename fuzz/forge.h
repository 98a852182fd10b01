/* SPDX-License-Identifier: BSD-3-Clause */
/* Snapshot files made of a fuzzer's bytes, with every hash right: only the rules behind the hashes
 * are left to refuse them. */
#ifndef FUZZ_FORGE_H
#define FUZZ_FORGE_H

#include "file.h"
#include "input.h"

/* Header, sections, frames, table and end, as the input says. */
void fuzz_forge(struct fuzz_input *input, struct fuzz_file *file);

#endif
