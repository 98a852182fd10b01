/* SPDX-License-Identifier: BSD-3-Clause */
/* Prints the tables of doc/KVM.md from those that answer the ioctls. */
#include <stdio.h>
#include <string.h>

#include "kvmd/uapi.h"

static const struct {
    const char *name, *object, *needs;
    unsigned number, size;
} ioctls[] = {
#define IOCTL(name, object, direction, number, size, needs, function) \
    {#name, #object, #needs, number, size},
#include "kvmd/ioctls.def"
#undef IOCTL
};

static const struct {
    const char *name;
    unsigned number, answer;
} capabilities[] = {
#define CAPABILITY(name, number, answer) {#name, number, answer},
#include "kvmd/capabilities.def"
#undef CAPABILITY
};

int main(void)
{
    static const char *const objects[][2] = {
        {"SYSTEM", "`/dev/kvm`"}, {"VM", "VM"}, {"VCPU", "vCPU"}, {"DEVICE", "VGICv5"}};

    printf("# Ioctls and capabilities of `vgic5 kvm`\n\n"
           "<!-- Made by doc/kvm-table.c; ./test compares. Do not edit. -->\n\n"
           "Any other ioctl is ENOTTY, any other capability 0. [KVM.md](KVM.md) says the rest.\n\n"
           "| on | ioctl | number | bytes of its argument | before KVM_ARM_VCPU_INIT |\n"
           "|---|---|---|---|---|\n");
    for (size_t o = 0; o < sizeof(objects) / sizeof(objects[0]); o++)
        for (size_t n = 0; n < sizeof(ioctls) / sizeof(ioctls[0]); n++)
            if (strcmp(ioctls[n].object, objects[o][0]) == 0)
                printf("| %s | %s | 0x%02x | %u | %s |\n", objects[o][1], ioctls[n].name,
                       ioctls[n].number, ioctls[n].size,
                       strcmp(ioctls[n].needs, "INIT") == 0 ? "ENOEXEC" : "yes");
    printf("\n| capability | number | answer |\n|---|---|---|\n");
    for (size_t n = 0; n < sizeof(capabilities) / sizeof(capabilities[0]); n++)
        printf("| %s | %u | %u |\n", capabilities[n].name, capabilities[n].number,
               capabilities[n].answer);
    return 0;
}
