/* SPDX-License-Identifier: BSD-3-Clause */
/* Prints doc/CONTRACT.md from the tables that drive the device and the conformance suite. */
#include <stdarg.h>
#include <stdbool.h>
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
#include "facts/irs_registers.def"
#undef IRS_REG
};

/* Of a register without a row in frame.def the first two are for RAZ/WI and for a constant. */
struct frame_words {
    const char *name, *reset, *guest, *get, *set;
};
static const struct frame_words frame_words[] = {
    {"", "0", "RAZ / WI", "0", "ignored"},
    {"", "its maker's", "R / WI", "same", "ignored"},
#define FRAME(reg, mask, reset, write, read, guest, get, set) {#reg, #reset, guest, get, set},
#include "conform/frame.def"
#undef FRAME
};

static const struct {
    const char *name, *set, *get;
    unsigned first, n;
} interface_words[] = {
#define INTERFACE(reg, first, n, must, may, set, get) {#reg, set, get, first, n},
#include "conform/interface.def"
#undef INTERFACE
};

static const struct {
    const char *entry, *field;
    unsigned high, low;
} entry_fields[] = {
#define REGISTER_FIELD(entry, field, high, low) {#entry, #field, high, low},
#include "facts/iste_fields.def"
#undef REGISTER_FIELD
};

static const struct {
    const char *name, *direction, *carried;
    unsigned op0, op1, crn, crm, op2, n;
} sysregs[] = {
#define CPU_REG(name, op0, op1, crn, crm, op2, n, access, direction, carried) \
    {#name, #direction, #carried, op0, op1, crn, crm, op2, n},
#include "facts/cpu_registers.def"
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

#define WIDTH 100

static size_t characters(const char *word, size_t bytes)
{
    size_t n = 0;

    for (size_t at = 0; at < bytes; at++)
        n += ((unsigned char)word[at] & 0xc0) != 0x80; /* not the rest of one in UTF-8 */
    return n;
}

/* An entry of a list at this depth, wrapped. */
static void item(unsigned depth, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void item(unsigned depth, const char *format, ...)
{
    char text[1000];
    size_t column;
    va_list words;

    va_start(words, format);
    vsnprintf(text, sizeof(text), format, words);
    va_end(words);
    column = (size_t)printf("%*s-", (int)(2 * depth), "");
    for (const char *word = text, *end; *word; word = end + (*end == ' ')) {
        end = word + strcspn(word, " ");
        if (column + 1 + characters(word, (size_t)(end - word)) > WIDTH)
            column = (size_t)printf("\n%*s", (int)(2 * depth + 1), "") - 1;
        printf(" %.*s", (int)(end - word), word);
        column += 1 + characters(word, (size_t)(end - word));
    }
    printf("\n");
}

static void print_heading(size_t n)
{
    bool has_call = strcmp(refusals[n].call, "DO") != 0;

    if (n > 0 && strcmp(refusals[n].group, refusals[n - 1].group) == 0 &&
        strcmp(refusals[n].call, refusals[n - 1].call) == 0)
        return;
    printf("\n### %s%s%s\n\n", refusals[n].group, has_call ? " " : "",
           has_call ? refusals[n].call : "");
}

static void print_refusals(void)
{
    printf("## Refusals\n\nOf each call in the order in which they are looked at: the first that "
           "holds is the answer. Behind\neach: the profile, the source, the row, and how many "
           "checks cite it.\n");
    for (size_t n = 0; n < COUNT(refusals); n++) {
        print_heading(n);
        item(0, "**%s**: %s. (%s; %s; `%s`; %u)", refusals[n].error, refusals[n].words,
             profiles_name(refusals[n].profiles), refusals[n].source, refusals[n].id,
             checks_of(refusals[n].id));
    }
}

static void print_rules(void)
{
    printf("\n## Rules\n\nBehind each: the profile, the source, the row, and how many checks cite "
           "it.\n\n");
    for (size_t n = 0; n < COUNT(rules); n++)
        item(0, "%s. (%s; %s; `%s`; %u)", rules[n].words, profiles_name(rules[n].profiles),
             rules[n].source, rules[n].id, checks_of(rules[n].id));
}

static const struct frame_words *words_of(size_t n)
{
    for (size_t row = 2; row < COUNT(frame_words); row++) {
        if (strcmp(frame_words[row].name, frame[n].name) == 0)
            return &frame_words[row];
    }
    return &frame_words[strcmp(frame[n].access, "RAZ_WI") ? 1 : 0];
}

static const char *reset_of(const struct frame_words *words)
{
    if (strcmp(words->reset, "NR_SPIS") == 0)
        return "nr_spis";
    if (strcmp(words->name, "IRS_IDR1") == 0)
        return "PE_CNT = vCPUs, IAFFID_BITS = bits of the highest id - 1, PRI_BITS";
    if (strcmp(words->name, "IRS_IDR2") == 0)
        return "LPI = 1, what is configured";
    if (strcmp(words->name, "IRS_IDR0") == 0)
        return "1 (Non-secure), PA_RANGE";
    return words->reset;
}

static void print_register(size_t n)
{
    const struct frame_words *words = words_of(n);
    bool is_saved = strcmp(frame[n].carried, "NO") != 0;

    if (words == &frame_words[0]) {
        item(0, "**0x%04x %s**, %u bytes: RAZ / WI; the VMM gets 0, and its set is ignored.",
             (unsigned)frame[n].offset, frame[n].name, (unsigned)frame[n].bytes);
        return;
    }
    item(0, "**0x%04x %s**, %u bytes%s%s.", (unsigned)frame[n].offset, frame[n].name,
         (unsigned)frame[n].bytes, is_saved ? "; saved as " : "; not saved",
         is_saved ? frame[n].carried : "");
    item(1, "after CTRL_INIT: %s", reset_of(words));
    item(1, "guest, read / write: %s", words->guest);
    item(1, "get: %s; set: %s", words->get, words->set);
}

static void print_frame(void)
{
    printf("\n## GRP_IRS_REGS\n\n"
           "The guest may access a 64-bit register in halves; the VMM may not. `saved as` is ours: "
           "how a\nsnapshot carries it. \"same\": what the guest reads.\n\n");
    for (size_t n = 0; n < COUNT(frame); n++)
        print_register(n);
}

static void print_entries(void)
{
    printf("\n## GRP_IST: entries\n\nLittle-endian words of 32 bits in the order of the interrupt "
           "numbers, without holes: 4 * nr_spis\nbytes for SPIs, 4 << LPI_ID_BITS for LPIs (7.4; "
           "under v1 they are where the guest has put its\ntable, and its entries may be "
           "longer).\n\n"
           "| entry | field | bits |\n|---|---|---|\n");
    for (size_t n = 0; n < COUNT(entry_fields); n++) {
        printf("| %s | %s | ", entry_fields[n].entry, entry_fields[n].field);
        if (entry_fields[n].high != entry_fields[n].low)
            printf("%u:", entry_fields[n].high);
        printf("%u |\n", entry_fields[n].low);
    }
    printf("\nHM is 1 for level. Under 7.4 an SPI's HM is its trigger mode as well. HWU is the "
           "hardware's and\nreads 0 here; compare images of another device with HWU masked.\n"
           "struct vgic5_ist (7.4; KVM: kvm_vgic_v5_ist): u64 spi_ist_addr, spi_ist_size, "
           "lpi_ist_addr,\nlpi_ist_size, the sizes in bytes.\n");
}

static void print_sysreg(size_t n, size_t row)
{
    unsigned first = interface_words[row].first;
    unsigned op2 = sysregs[n].op2 + first;

    printf("| %s", sysregs[n].name);
    if (sysregs[n].n > 1)
        printf("%u", first);
    printf("_EL1");
    if (interface_words[row].n > 1)
        printf(" … %u", first + interface_words[row].n - 1);
    printf(" | %u %u %u %u %u | %s | %s |\n", sysregs[n].op0, sysregs[n].op1, sysregs[n].crn,
           sysregs[n].crm + op2 / 8, op2 % 8, interface_words[row].set, interface_words[row].get);
}

static void print_sysregs(void)
{
    printf("\n## GRP_CPU_SYSREGS\n\n"
           "attr: Aff3[63:56] Aff2[55:48] Aff1[47:40] Aff0[39:32] 0[31:16]\n"
           "Op0[15:14] Op1[13:11] CRn[10:7] CRm[6:3] Op2[2:0]\n\n"
           "The encoding of a row is that of its first register.\n\n"
           "| register | Op0 Op1 CRn CRm Op2 | set | get |\n|---|---|---|---|\n");
    for (size_t n = 0; n < COUNT(sysregs); n++) {
        for (size_t row = 0; row < COUNT(interface_words); row++) {
            if (strcmp(interface_words[row].name, sysregs[n].name) == 0)
                print_sysreg(n, row);
        }
    }
}

static void print_line(void)
{
    printf("\n## KVM_IRQ_LINE\n\nirq: vcpu2_index[31:28] type[27:24] vcpu_index[23:16] "
           "number[15:0]; the vCPU's id is\nvcpu2_index * 256 + vcpu_index. Type %u is an SPI, "
           "numbered from 0; type %u a PPI of\nUSERSPACE_PPIS.\n",
           VGIC5_IRQ_TYPE_SPI, VGIC5_IRQ_TYPE_PPI);
}

int main(void)
{
    printf("# The VGICv5 device contract\n\n"
           "<!-- Made by doc/contract-table.c; ./test compares. Do not edit. -->\n\n"
           "Two generations: `v1` is the posting of April 2026, `7.4` what was merged for Linux "
           "7.4. What\nfollows is made of the tables that drive the device "
           "(`src/device/contract.def`,\n`src/facts/*.def`) and the conformance suite "
           "(`src/conform/*.def`, %zu checks).\n\n"
           "Sources: C the kernel's code, D its document, T its selftest, I inferred, O our own. "
           "Where code\nand document disagree, the code is followed: an unknown register of "
           "GRP_CPU_SYSREGS is ENOENT on\nget and set.\n\n",
           vgic5_conform_length());
    print_refusals();
    print_rules();
    print_frame();
    print_entries();
    print_sysregs();
    print_line();
    return 0;
}
