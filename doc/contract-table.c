/* SPDX-License-Identifier: BSD-3-Clause */
/* Prints doc/CONTRACT.md from the tables that drive the device and the conformance suite. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <vgic5/conform.h>

#define V1 (1u << VGIC5_ABI_V1)
#define V7_4 (1u << VGIC5_ABI_7_4)
#define EVERY (V1 | V7_4)

static const struct {
    const char *id, *group, *call, *error, *source, *words;
    uint32_t profiles;
} refusals[] = {
#define REFUSAL(id, group, call, condition, error, profiles, source, words) \
    {#id, #group, #call, #error, #source, words, profiles},
#include "device/contract.def"
#undef REFUSAL
};

static const struct {
    const char *id, *source, *words;
    uint32_t profiles;
} rules[] = {
#define RULE(id, profiles, source, words) {#id, #source, words, profiles},
#include "conform/rules.def"
#undef RULE
};

static const struct {
    const char *name, *access, *set, *carried;
    uint32_t offset, bytes;
} frame[] = {
#define IRS_REG(name, offset, bytes, access, set, carried) \
    {#name, #access, #set, #carried, offset, bytes},
#include "gicv5/irs_registers.def"
#undef IRS_REG
};

static const struct {
    const char *name, *direction, *carried;
    unsigned op0, op1, crn, crm, op2, n;
} sysregs[] = {
#define CPU_REG(name, op0, op1, crn, crm, op2, n, access, direction, carried) \
    {#name, #direction, #carried, op0, op1, crn, crm, op2, n},
#include "gicv5/cpu_registers.def"
#undef CPU_REG
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const char *profiles_name(uint32_t profiles)
{
    return profiles == EVERY ? "both" : profiles == V1 ? "v1" : "7.4";
}

static unsigned checks_of(const char *row)
{
    struct vgic5_conform_check check;
    unsigned count = 0;

    for (size_t n = 0; vgic5_conform_check_at(n, &check) == 0; n++)
        count += strcmp(check.row, row) == 0;
    return count;
}

static void print_refusals(void)
{
    printf("## Refusals\n\nIn the order in which they are looked at: the first that holds is the "
           "answer.\n\n| call | situation | errno | profile | source | row | checks |\n"
           "|---|---|---|---|---|---|---|\n");
    for (size_t n = 0; n < COUNT(refusals); n++)
        printf("| %s%s%s | %s | %s | %s | %s | `%s` | %u |\n", refusals[n].group,
               strcmp(refusals[n].call, "DO") ? " " : "",
               strcmp(refusals[n].call, "DO") ? refusals[n].call : "", refusals[n].words,
               refusals[n].error, profiles_name(refusals[n].profiles), refusals[n].source,
               refusals[n].id, checks_of(refusals[n].id));
}

static void print_rules(void)
{
    printf("\n## Rules\n\n| rule | profile | source | row | checks |\n|---|---|---|---|---|\n");
    for (size_t n = 0; n < COUNT(rules); n++)
        printf("| %s | %s | %s | `%s` | %u |\n", rules[n].words, profiles_name(rules[n].profiles),
               rules[n].source, rules[n].id, checks_of(rules[n].id));
}

static void print_frame(void)
{
    printf("\n## GRP_IRS_REGS\n\n| offset | register | bytes | a set | a save carries it as |\n"
           "|---|---|---|---|---|\n");
    for (size_t n = 0; n < COUNT(frame); n++)
        printf("| 0x%04x | %s%s | %u | %s | %s |\n", (unsigned)frame[n].offset, frame[n].name,
               strcmp(frame[n].access, "RAZ_WI") ? "" : " (RAZ/WI)", (unsigned)frame[n].bytes,
               frame[n].set, frame[n].carried);
}

static void print_sysregs(void)
{
    printf("\n## GRP_CPU_SYSREGS\n\n| register | Op0 Op1 CRn CRm Op2 of the first | number |\n"
           "|---|---|---|\n");
    for (size_t n = 0; n < COUNT(sysregs); n++) {
        if (strcmp(sysregs[n].carried, "YES") == 0)
            printf("| %s_EL1 | %u %u %u %u %u | %u |\n", sysregs[n].name, sysregs[n].op0,
                   sysregs[n].op1, sysregs[n].crn, sysregs[n].crm, sysregs[n].op2, sysregs[n].n);
    }
}

int main(void)
{
    printf("# The VGICv5 device contract\n\n"
           "<!-- Made by doc/contract-table.c; ./test compares. Do not edit. -->\n\n"
           "Two generations: `v1` is the posting of April 2026, `7.4` what was merged for Linux "
           "7.4. The tables below are those that\ndrive the device (`src/device/contract.def`, "
           "`src/gicv5/*.def`) and the conformance suite (`src/conform/*.def`, %zu checks).\n\n"
           "Sources: C the kernel's code, D its document, T its selftest, I inferred, O our own. "
           "Where code and document disagree, the code\nis followed: an unknown register of "
           "GRP_CPU_SYSREGS is ENOENT on get and set.\n\n",
           vgic5_conform_length());
    print_refusals();
    print_rules();
    print_frame();
    print_sysregs();
    return 0;
}
