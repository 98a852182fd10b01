/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What every machine of this program is: its CPU, its map, its interrupts. Fields of the section
 * "machine" 0, which a restore compares before it builds or fills anything, and all of them, so
 * that a person sees every difference at once.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "machine/definition.h"
#include "machine/snapshot_fields.h"

#define CPU_MODEL "CPU_MODEL"

static const struct map_row {
    const char *name;
    uint64_t value;
} map_rows[] = {
    {"RAM_BASE", MAP_RAM_BASE},
    {"IRS_BASE", MAP_IRS_BASE},
    {"PL011_BASE", MAP_PL011_BASE},
    {"PL011_SPI", SPI_PL011},
    {"PL031_BASE", MAP_PL031_BASE},
    {"PL031_SPI", SPI_PL031},
    {"TIMER_VIRTUAL_PPI", VGIC5_PPI_CNTV},
    {"TIMER_PHYSICAL_PPI", VGIC5_PPI_CNTP},
    {"CNTFRQ_EL0", COUNTER_FREQUENCY},
};

/* As the guest reads them; a restored VGICv5 is asked for these very values. */
static const struct irs_row {
    const char *name;
    uint64_t offset;
} irs_rows[] = {
    {"IRS_IDR0", 0x00}, {"IRS_IDR1", 0x04}, {"IRS_IDR2", 0x08},
    {"IRS_IDR5", 0x14}, {"IRS_IDR6", 0x18}, {"IRS_IDR7", 0x1c},
};

#define NR_MAP_ROWS (sizeof(map_rows) / sizeof(*map_rows))
#define NR_IRS_ROWS (sizeof(irs_rows) / sizeof(*irs_rows))

size_t definition_count(void)
{
    size_t nr_registers;

    vcpu_identity(&nr_registers);
    return 1 + nr_registers + NR_MAP_ROWS + NR_IRS_ROWS;
}

void definition_put(struct machine *machine, struct vgic5_fields *fields)
{
    size_t n;
    const struct vcpu_identity *registers = vcpu_identity(&n);

    vgic5_fields_put_text(fields, CPU_MODEL, 0, machine->engine_ops->model());
    for (size_t i = 0; i < n; i++)
        vgic5_fields_put_u64(fields, registers[i].name, registers[i].encoding,
                             pe_identity(&machine->pe_host, machine->engine, i));
    for (size_t i = 0; i < NR_MAP_ROWS; i++)
        vgic5_fields_put_u64(fields, map_rows[i].name, 0, map_rows[i].value);
    for (size_t i = 0; i < NR_IRS_ROWS; i++) {
        struct vgic5_mmio access = {.offset = irs_rows[i].offset, .size = 4};

        vgic5_mmio(machine->gic, &access);
        vgic5_fields_put_u64(fields, irs_rows[i].name, irs_rows[i].offset, access.value);
    }
}

/* ---- Differences -------------------------------------------------------------------------------
 */

struct differences {
    char text[400];
    size_t n; /* bytes of it */
    unsigned count;
};

__attribute__((format(printf, 2, 3))) static void differ(struct differences *differences,
                                                         const char *format, ...)
{
    size_t left = sizeof(differences->text) - differences->n;
    va_list list;
    int length;

    va_start(list, format);
    length = vsnprintf(differences->text + differences->n, left, format, list);
    va_end(list);
    if (length >= 0 && (size_t)length < left)
        differences->n += (size_t)length;
    else
        differences->text[differences->n] = '\0'; /* counted below, if not told */
    differences->count++;
}

static int tell(const struct differences *differences, struct vgic5_error *error)
{
    unsigned told = 0;

    if (differences->count == 0)
        return 0;
    for (const char *at = differences->text; (at = strchr(at, ';')) != NULL; at++)
        told++;
    if (told < differences->count)
        return error_set(error, VGIC5_CAUSE_UNFIT, -ENOTSUP, "machine:%s and %u more fields differ",
                         differences->text, differences->count - told);
    return error_set(error, VGIC5_CAUSE_UNFIT, -ENOTSUP, "machine:%.*s", (int)differences->n - 1,
                     differences->text);
}

static int compare(const struct vgic5_fields *fields, const char *name, uint64_t here,
                   struct differences *differences, struct vgic5_error *error)
{
    uint64_t found;
    int ret = vgic5_fields_get_u64(fields, "machine", name, &found, error);

    if (ret == 0 && found != here)
        differ(differences, " %s is 0x%" PRIx64 ", this machine has 0x%" PRIx64 ";", name, found,
               here);
    return ret;
}

/* What is compared later, with a machine and with the VGICv5's own account, must be there. */
static int check_the_rest(const struct vgic5_fields *fields, struct vgic5_error *error)
{
    size_t n;
    const struct vcpu_identity *registers = vcpu_identity(&n);
    uint64_t ignored;
    int ret = 0;

    for (size_t i = 0; i < n && ret == 0; i++)
        ret = vgic5_fields_get_u64(fields, "machine", registers[i].name, &ignored, error);
    for (size_t i = 0; i < NR_IRS_ROWS && ret == 0; i++)
        ret = vgic5_fields_get_u64(fields, "machine", irs_rows[i].name, &ignored, error);
    return ret;
}

int definition_check_map(const struct vgic5_fields *fields, const struct vcpu_engine_ops *engine,
                         struct vgic5_error *error)
{
    struct differences differences = {0};
    const char *model;
    int ret = vgic5_fields_get_text(fields, "machine", CPU_MODEL, &model, error);

    if (ret != 0)
        return ret;
    if (strcmp(model, engine->model()) != 0)
        differ(&differences, " " CPU_MODEL " is \"%.40s\", this machine has \"%s\";", model,
               engine->model());
    for (size_t i = 0; i < NR_MAP_ROWS && ret == 0; i++)
        ret = compare(fields, map_rows[i].name, map_rows[i].value, &differences, error);
    if (ret == 0)
        ret = tell(&differences, error);
    return ret == 0 ? check_the_rest(fields, error) : ret;
}

int machine_check_cpu(const struct machine *machine, const struct vgic5_snapshot *snapshot,
                      struct vgic5_error *error)
{
    size_t n;
    const struct vcpu_identity *registers = vcpu_identity(&n);
    struct differences differences = {0};
    const struct vgic5_fields *fields;
    int ret = section_fields(snapshot, "machine", 0, MACHINE_SECTION_VERSION, &fields, error);

    for (size_t i = 0; i < n && ret == 0; i++)
        ret = compare(fields, registers[i].name, pe_identity(&machine->pe_host, machine->engine, i),
                      &differences, error);
    return ret == 0 ? tell(&differences, error) : ret;
}
