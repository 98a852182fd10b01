/* SPDX-License-Identifier: BSD-3-Clause */
/* Include after <cmocka.h>. */
#ifndef TESTS_KVMD_EXITS_H
#define TESTS_KVMD_EXITS_H

#include <errno.h>
#include <string.h>

#include <vgic5/error.h>

/* Where the engine lets no access leave, there is the refusal, and nothing else to be tried. */
static inline void skip_without_exits(int ret, const struct vgic5_error *error)
{
    if (ret != -ENOTSUP || !strstr(error->message, "lets accesses to devices leave"))
        return;
#ifdef VGIC5_DIRECT_STORES
    assert_null(strstr(error->message, "Unicorn 2.0")); /* which does */
#endif
    print_message("# skipped: %s\n", error->message);
    skip();
}

#endif
