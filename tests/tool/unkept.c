/* SPDX-License-Identifier: BSD-3-Clause */
/* Preloaded into the tool: a Unicorn that does not keep bit 0 of X5, on all threads but the first,
 * where saves are proved. The guest itself runs on the first. */
#include <dlfcn.h>
#include <sys/syscall.h>
#include <unicorn/unicorn.h>
#include <unistd.h>

uc_err uc_reg_write(uc_engine *uc, int regid, const void *value)
{
    static uc_err (*real)(uc_engine *, int, const void *);
    uint64_t lost;

    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "uc_reg_write");
    if (regid != UC_ARM64_REG_X5 || syscall(SYS_gettid) == getpid())
        return real(uc, regid, value);
    lost = *(const uint64_t *)value ^ 1;
    return real(uc, regid, &lost);
}
