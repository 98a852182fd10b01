/* SPDX-License-Identifier: BSD-3-Clause */
/* Prints include/vgic5/arch.h from the tables of src/facts. It needs no other header of ours. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct {
    const char *name, *direction, *fields;
    unsigned crm, op2;
} instructions[] = {
#define GIC_INSTRUCTION(name, crm, op2, direction, fields) {#name, #direction, fields, crm, op2},
#include "facts/gic_instructions.def"
#undef GIC_INSTRUCTION
};

static const struct {
    const char *name, *direction;
    unsigned op0, op1, crn, crm, op2, n;
} sysregs[] = {
#define CPU_REG(name, op0, op1, crn, crm, op2, n, access, direction, carried) \
    {#name, #direction, op0, op1, crn, crm, op2, n},
#include "facts/cpu_registers.def"
#undef CPU_REG
};

static const struct {
    const char *name;
    unsigned offset, bytes;
} frame[] = {
#define IRS_REG(name, offset, bytes, access, user_set, carried) {#name, offset, bytes},
#include "facts/irs_registers.def"
#undef IRS_REG
};

struct field {
    const char *owner, *name;
    unsigned high, low;
};
#define REGISTER_FIELD(owner, field, high, low) {#owner, #field, high, low},
static const struct field cpu_fields[] = {
#include "facts/cpu_fields.def"
};
static const struct field irs_fields[] = {
#include "facts/irs_fields.def"
};
static const struct field iste_fields[] = {
#include "facts/iste_fields.def"
};
#undef REGISTER_FIELD

static const char top[] =
    "/* SPDX-License-Identifier: BSD-3-Clause */\n"
    "/*\n"
    " * Names of the architecture (Arm IHI 111701, GICv5, at EL1): GIC instructions, system "
    "registers,\n"
    " * the registers of IRS_CONFIG_FRAME, and entries of the Interrupt State Table.\n"
    " *\n"
    " * VGIC5_CDEN, VGIC5_ICC_CR0   encodings, for vgic5_cpu_access\n"
    " * VGIC5_IRS_CR0               offset in the frame, for vgic5_mmio and the attr of "
    "GRP_IRS_REGS\n"
    " * VGIC5_ISTE_PRIORITY         the bits of a field, in place; of one bit: the flag\n"
    " * VGIC5_ISTE_PRIORITY_SHIFT   its lowest bit\n"
    " *\n"
    " * VGIC5_FIELD(ISTE_PRIORITY, 5) is 5 in its place, and VGIC5_FIELD_GET(ISTE_PRIORITY, word) "
    "the\n"
    " * field's value in `word`.\n"
    " *\n"
    " * Made from the library's own tables by doc/arch-header.c.\n"
    " */\n"
    "#ifndef VGIC5_ARCH_H\n"
    "#define VGIC5_ARCH_H\n"
    "\n"
    "#include <stdint.h>\n"
    "\n"
    "/* clang-format off */\n"
    "\n"
    "/* Op0[15:14] Op1[13:11] CRn[10:7] CRm[6:3] Op2[2:0], for registers (Op0 = 3) and for GIC\n"
    " * instructions (Op0 = 1) alike. */\n"
    "#define VGIC5_ENCODING(op0, op1, crn, crm, op2) \\\n"
    "    ((((op0) << 14) | ((op1) << 11) | ((crn) << 7) | ((crm) << 3) | (op2)))\n"
    "\n"
    "#define VGIC5_FIELD(field, value) \\\n"
    "    ((uint64_t)(value) << VGIC5_##field##_SHIFT & (uint64_t)VGIC5_##field)\n"
    "#define VGIC5_FIELD_GET(field, word) \\\n"
    "    (((uint64_t)(word) & (uint64_t)VGIC5_##field) >> VGIC5_##field##_SHIFT)\n";

static void print_bits(const char *prefix, const struct field *field, unsigned bits)
{
    unsigned long long ones = UINT64_MAX >> (63 - field->high + field->low) << field->low;
    char name[64];

    snprintf(name, sizeof(name), "%s%s_%s", prefix, field->owner, field->name);
    printf(bits == 32 ? "#define VGIC5_%-32s 0x%llxu\n" : "#define VGIC5_%-32s UINT64_C(0x%llx)\n",
           name, ones);
    strcat(name, "_SHIFT");
    printf("#define VGIC5_%-32s %u\n", name, field->low);
}

static void print_fields(const struct field *fields, size_t nr, const char *prefix,
                         const char *owner, unsigned bits)
{
    for (size_t n = 0; n < nr; n++) {
        if (strcmp(fields[n].owner, owner) == 0)
            print_bits(prefix, &fields[n], bits);
    }
}

static void print_instructions(void)
{
    printf("\n/* ---- GIC instructions. Xt has TYPE[31:29] ID[23:0] and the fields that follow "
           "*/\n\n");
    for (size_t n = 0; n < COUNT(instructions); n++) {
        printf("#define VGIC5_%-32s VGIC5_ENCODING(1, 0, 12, %u, %u) /* %s%s */\n",
               instructions[n].name, instructions[n].crm, instructions[n].op2,
               *instructions[n].direction == 'W' ? "SYS" : "SYSL",
               strcmp(instructions[n].fields, "none") == 0 ? ", no Xt" : "");
        print_fields(cpu_fields, COUNT(cpu_fields), "", instructions[n].name, 64);
    }
}

/* A register of several takes its number. */
static void print_sysreg(size_t row)
{
    char name[64], encoding[64];

    snprintf(encoding, sizeof(encoding), "VGIC5_ENCODING(%u, %u, %u, %u, %u)", sysregs[row].op0,
             sysregs[row].op1, sysregs[row].crn, sysregs[row].crm, sysregs[row].op2);
    snprintf(name, sizeof(name), "%s%s", sysregs[row].name, sysregs[row].n > 1 ? "(n)" : "");
    if (sysregs[row].n == 1)
        printf("#define VGIC5_%-32s %s /* %s */\n", name, encoding, sysregs[row].direction);
    else
        printf("#define VGIC5_%-30s (%s + (n)) /* 0..%u, %s */\n", name, encoding,
               sysregs[row].n - 1, sysregs[row].direction);
}

static void print_sysregs(void)
{
    printf("\n/* ---- System registers, at EL1 */\n\n");
    for (size_t n = 0; n < COUNT(sysregs); n++) {
        print_sysreg(n);
        print_fields(cpu_fields, COUNT(cpu_fields), "", sysregs[n].name, 64);
    }
}

/* Every register of the frame is the IRS's, whatever its name. */
static void print_frame(void)
{
    printf("\n/* ---- IRS_CONFIG_FRAME; registers of 64 bits are marked */\n\n");
    for (size_t n = 0; n < COUNT(frame); n++) {
        const char *prefix = strncmp(frame[n].name, "IRS_", 4) == 0 ? "" : "IRS_";
        char name[64];

        snprintf(name, sizeof(name), "%s%s", prefix, frame[n].name);
        printf("#define VGIC5_%-32s 0x%04xu%s\n", name, frame[n].offset,
               frame[n].bytes == 8 ? " /* 64 bits */" : "");
        print_fields(irs_fields, COUNT(irs_fields), prefix, frame[n].name, 8 * frame[n].bytes);
    }
}

int main(void)
{
    printf("%s", top);
    print_instructions();
    print_sysregs();
    print_frame();
    printf("\n/* ---- The first word of an L2 ISTE */\n\n");
    print_fields(iste_fields, COUNT(iste_fields), "", "ISTE", 32);
    printf("\n/* ---- An L1 ISTE */\n\n");
    print_fields(iste_fields, COUNT(iste_fields), "", "L1_ISTE", 64);
    printf("\n#endif\n");
    return 0;
}
