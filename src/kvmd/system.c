/* SPDX-License-Identifier: BSD-3-Clause */
/* /dev/kvm itself. */
#include "kvmd/internal.h"

int64_t kvmd_get_api_version(struct kvmd_call *call)
{
    (void)call;
    return KVMD_API_VERSION;
}

int64_t kvmd_get_vcpu_mmap_size(struct kvmd_call *call)
{
    (void)call;
    return KVMD_RUN_PAGES;
}

int64_t kvmd_check_extension(struct kvmd_call *call)
{
    static const struct {
        uint32_t number, answer;
    } rows[] = {
#define CAPABILITY(NAME, number, answer) {number, answer},
#include "kvmd/capabilities.def"
#undef CAPABILITY
    };

    for (size_t n = 0; n < sizeof(rows) / sizeof(rows[0]); n++) {
        if (rows[n].number == call->argument)
            return rows[n].answer;
    }
    return 0;
}
