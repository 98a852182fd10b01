/* SPDX-License-Identifier: BSD-3-Clause */
/* The neutral state: what it refuses to be, and its sections in a snapshot, whole and damaged. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "memory_file.h"
#include "migration/internal.h"

static struct vgic5_state *state_of(uint32_t abi, bool busy)
{
    struct vgic5_config config = vmm_busy_config(abi);
    struct vgic5_error error = {0};
    struct vgic5_state *saved;
    struct vgic5_port port;
    struct vmm vmm;

    vmm_create(&vmm, &config);
    vmm_live_until(&vmm, LIFE_HAS_RUN);
    if (busy)
        vmm_make_busy(&vmm, true);
    vgic5_port_model(vmm.device, &port);
    if (vgic5_save(&port, NULL, &saved, &error))
        fail_msg("%s", error.message);
    vmm_destroy(&vmm);
    return saved;
}

/* ---- What contradicts itself ----------------------------------------------------------------- */

/* One number of a state is changed: to `value`, or by these bits. */
struct flaw {
    const char *message; /* a part of the refusal */
    size_t offset;
    uint8_t bytes;
    bool flip;
    uint64_t value;
    enum vgic5_cause cause;
};

#define STATE(member) offsetof(struct vgic5_state, member)
#define REG(row) STATE(irs) + 8 * row##_ROW
#define SPI(n) STATE(spi) + 4 * (n)

static const struct flaw flaws[] = {
    {"abi 3 is not known", STATE(abi), 4, false, 3, VGIC5_CAUSE_UNFIT},
    {"nr_spis is 31", STATE(nr_spis), 4, false, 31, VGIC5_CAUSE_DAMAGED},
    {"nr_spis is 0", STATE(nr_spis), 4, false, 0, VGIC5_CAUSE_DAMAGED},
    {"nr_spis is 33", STATE(nr_spis), 4, false, 33, VGIC5_CAUSE_DAMAGED},
    {"addr is 0x8010001", STATE(addr), 8, true, 1, VGIC5_CAUSE_DAMAGED},
    {"addr is 0xffffffffffff0000", STATE(addr), 8, false, UINT64_C(0xffffffffffff0000),
     VGIC5_CAUSE_DAMAGED},
    {"IRS_IDR0 is 0x100000015, it has 32 bits", REG(IRS_IDR0), 8, true, UINT64_C(1) << 32,
     VGIC5_CAUSE_DAMAGED},
    {"IRS_IDR0.INT_DOM is 0", REG(IRS_IDR0), 8, true, 1, VGIC5_CAUSE_DAMAGED},
    {"IRS_IDR1.PE_CNT is 3", REG(IRS_IDR1), 8, true, 1, VGIC5_CAUSE_DAMAGED},
    {"IRS_IDR1.IAFFID_BITS is 5, the rest of the state says 4", REG(IRS_IDR1), 8, true, 1 << 16,
     VGIC5_CAUSE_DAMAGED},
    {"IRS_IDR1.PRI_BITS is 5", REG(IRS_IDR1), 8, true, 1 << 20, VGIC5_CAUSE_DAMAGED},
    {"IRS_IDR2.LPI is 0", REG(IRS_IDR2), 8, true, 1 << 5, VGIC5_CAUSE_DAMAGED},
    {"IRS_IDR2.ID_BITS is 30", REG(IRS_IDR2), 8, true, 1 << 4, VGIC5_CAUSE_DAMAGED},
    {"MIN_LPI_ID_BITS 15", REG(IRS_IDR2), 8, true, 14 << 6, VGIC5_CAUSE_DAMAGED},
    {"IRS_IDR5.SPI_RANGE is 96", REG(IRS_IDR5), 8, true, 32, VGIC5_CAUSE_DAMAGED},
    {"IRS_IDR5 is 0x80000040, reserved bits 0x80000000", REG(IRS_IDR5), 8, true, 1u << 31,
     VGIC5_CAUSE_DAMAGED},
    {"IRS_IDR6.SPI_IRS_RANGE is 32", REG(IRS_IDR6), 8, false, 32, VGIC5_CAUSE_DAMAGED},
    {"IRS_IDR7.SPI_BASE is 1", REG(IRS_IDR7), 8, true, 1, VGIC5_CAUSE_DAMAGED},
    {"IRS_CR0.IDLE is 0", REG(IRS_CR0), 8, true, 2, VGIC5_CAUSE_DAMAGED},
    {"IRS_CR0 is 0x7, reserved", REG(IRS_CR0), 8, true, 4, VGIC5_CAUSE_DAMAGED},
    {"IRS_CR1", REG(IRS_CR1), 8, true, 1 << 16, VGIC5_CAUSE_DAMAGED},
    {"IRS_SYNC_STATUSR.IDLE is 0", REG(IRS_SYNC_STATUSR), 8, true, 1, VGIC5_CAUSE_DAMAGED},
    {"IRS_IST_STATUSR.IDLE is 0", REG(IRS_IST_STATUSR), 8, true, 1, VGIC5_CAUSE_DAMAGED},
    {"IRS_SPI_SELR", REG(IRS_SPI_SELR), 8, true, 1 << 24, VGIC5_CAUSE_DAMAGED},
    {"IRS_PE_SELR", REG(IRS_PE_SELR), 8, true, 1 << 16, VGIC5_CAUSE_DAMAGED},
    {"IRS_IST_BASER", REG(IRS_IST_BASER), 8, true, 2, VGIC5_CAUSE_DAMAGED},
    {"IRS_IST_CFGR is 0x1020c, reserved bits 0x200", REG(IRS_IST_CFGR), 8, true, 1 << 9,
     VGIC5_CAUSE_DAMAGED},
    {"IST_CFGR.LPI_ID_BITS is 15, IDR2.ID_BITS allows 14", REG(IRS_IST_CFGR), 8, true, 3,
     VGIC5_CAUSE_DAMAGED},
    {"IST_CFGR.LPI_ID_BITS is 0, IDR2.MIN_LPI_ID_BITS asks 1", REG(IRS_IST_CFGR), 8, true, 12,
     VGIC5_CAUSE_DAMAGED},
    {"IST_CFGR.ISTSZ is 1, IDR2 requires 0", REG(IRS_IST_CFGR), 8, true, 1 << 7,
     VGIC5_CAUSE_DAMAGED},
    {"IST_CFGR is 0x1002c, a two-level table", REG(IRS_IST_CFGR), 8, true, 1 << 5,
     VGIC5_CAUSE_DAMAGED},
    {"iste of spi 9 is 0x00000010, bits 0x00000010", SPI(9), 4, true, 1 << 4, VGIC5_CAUSE_DAMAGED},
    {"iste of spi 0", SPI(0), 4, true, 1 << 8, VGIC5_CAUSE_DAMAGED},
    {"iste of spi 63", SPI(63), 4, true, 1 << 9, VGIC5_CAUSE_DAMAGED},
    {"tm has SPI 64", STATE(tm) + 8, 8, true, 1, VGIC5_CAUSE_DAMAGED},
    {"wires has SPI 1023", STATE(wires) + 120, 8, true, UINT64_C(1) << 63, VGIC5_CAUSE_DAMAGED},
};

static void spoil(struct vgic5_state *state, const struct flaw *flaw)
{
    uint8_t *at = (uint8_t *)state + flaw->offset;
    uint64_t value = 0;

    memcpy(&value, at, flaw->bytes);
    value = flaw->flip ? value ^ flaw->value : flaw->value;
    memcpy(at, &value, flaw->bytes);
}

static void check_refused(const struct vgic5_state *state, const char *message,
                          enum vgic5_cause cause)
{
    struct vgic5_error error = {0};

    if (vgic5_state_check(state, &error) == 0)
        fail_msg("%s: accepted", message);
    if (!strstr(error.message, message) || error.cause != cause)
        fail_msg("cause %d \"%s\", expected %d \"%s\"", error.cause, error.message, cause, message);
}

static void test_flaws(void **state)
{
    struct vgic5_state *good = state_of(VGIC5_ABI_V1, true);

    (void)state;
    assert_int_equal(vgic5_state_check(good, NULL), 0);
    for (size_t n = 0; n < sizeof(flaws) / sizeof(flaws[0]); n++) {
        struct vgic5_state bad = *good;

        spoil(&bad, &flaws[n]);
        check_refused(&bad, flaws[n].message, flaws[n].cause);
    }
    vgic5_state_free(good);
}

/* The same of a vCPU; two of them share an id; an interface has a bit that it cannot have. */
static void test_flaws_of_vcpus(void **state)
{
    static const struct {
        const char *reg;
        uint64_t bits;
    } bad[] = {
        {"ICC_APR", UINT64_C(1) << 32}, {"ICC_PCR", 1 << 5},     {"ICC_CR0", 1 << 3},
        {"ICC_ICSR", 1 << 6},           {"ICC_PPI_ENABLER1", 1}, {"ICC_PPI_PRIORITYR0", 1 << 5},
        {"ICC_PPI_PRIORITYR8", 1},
    };
    struct vgic5_state *good = state_of(VGIC5_ABI_V1, true);

    (void)state;
    for (size_t n = 0; n < sizeof(bad) / sizeof(bad[0]); n++) {
        unsigned index = 0;

        while (strcmp(migration_sysreg(index).name, bad[n].reg) != 0)
            index++;
        good->vcpus[1].icc[index] ^= bad[n].bits;
        check_refused(good, bad[n].reg, VGIC5_CAUSE_DAMAGED);
        good->vcpus[1].icc[index] ^= bad[n].bits;
    }
    good->vcpus[1].pe_cr0 = 2;
    check_refused(good, "icc 17: IRS_PE_CR0", VGIC5_CAUSE_DAMAGED);
    good->vcpus[1].pe_cr0 = 0;
    check_refused(good, "icc 17: IRS_PE_CR0 is 0x0, expected 0x1", VGIC5_CAUSE_DAMAGED);
    good->vcpus[1].pe_cr0 = 1;
    good->vcpus[1].id = 3;
    check_refused(good, "vCPU id 3 is there twice", VGIC5_CAUSE_DAMAGED);
    good->vcpus[1].id = 65536;
    check_refused(good, "vCPU id 65536", VGIC5_CAUSE_DAMAGED);
    good->nr_vcpus = 0;
    check_refused(good, "0 vCPUs", VGIC5_CAUSE_DAMAGED);
    vgic5_state_free(good);
}

/* Fewer priority bits keep the upper ones. */
static void test_priority_bits(void **state)
{
    struct vgic5_state *good = state_of(VGIC5_ABI_V1, false);

    (void)state;
    good->irs[IRS_IDR1_ROW] -= 2 << 20;
    good->spi[7] = 0x1c << 11;
    assert_int_equal(vgic5_state_check(good, NULL), 0);
    good->spi[7] = 0x1e << 11;
    check_refused(good, "iste of spi 7", VGIC5_CAUSE_DAMAGED);
    vgic5_state_free(good);
}

static void test_lpi_image(void **state)
{
    struct vgic5_state *good = state_of(VGIC5_ABI_7_4, true);

    (void)state;
    assert_int_equal(good->nr_lpis, 4096);
    good->lpis[4095] |= 1 << 9;
    check_refused(good, "lpi: iste of lpi 4095", VGIC5_CAUSE_DAMAGED);
    good->lpis[4095] &= ~(1u << 9);
    good->nr_lpis = 4095;
    check_refused(good, "lpi: iste has 4095 entries, expected 4096", VGIC5_CAUSE_DAMAGED);
    good->nr_lpis = 4096;
    good->abi = VGIC5_ABI_V1;
    check_refused(good, "expected 0", VGIC5_CAUSE_DAMAGED);
    vgic5_state_free(good);
}

/* ---- Accessors ------------------------------------------------------------------------------- */

static void test_accessors(void **state)
{
    struct vgic5_state *good = state_of(VGIC5_ABI_7_4, true);
    bool level, wire;
    uint64_t value;
    size_t words;

    (void)state;
    assert_int_equal(vgic5_state_abi(good), VGIC5_ABI_7_4);
    assert_int_equal(vgic5_state_addr(good), MAP_IRS_BASE);
    assert_int_equal(vgic5_state_nr_spis(good), NR_SPIS);
    assert_int_equal(vgic5_state_nr_vcpus(good), 2);
    assert_int_equal(vgic5_state_vcpu_id(good, 1), 17);
    assert_int_equal(vgic5_state_irs(good, "IRS_SPI_SELR", &value), 0);
    assert_int_equal(value, 33);
    assert_int_equal(vgic5_state_irs(good, "IRS_PE_CR0", &value), -ENOENT);
    assert_int_equal(vgic5_state_icc(good, 1, "ICC_PCR", &value), 0);
    assert_int_equal(value, 31);
    assert_int_equal(vgic5_state_icc(good, 1, "ICC_HPPIR", &value), -ENOENT);
    assert_int_equal(vgic5_state_icc(good, 2, "ICC_PCR", &value), -ENOENT);
    assert_int_equal(vgic5_state_icc(good, UINT32_MAX, "ICC_PCR", &value), -ENOENT);
    assert_int_equal(vgic5_state_vcpu_id(good, 2), UINT32_MAX);
    assert_int_equal(vgic5_state_spi(good, 1u << 20, &level, &wire), 0);
    assert_true(!level && !wire);
    assert_int_equal(vgic5_state_spi(good, 33, &level, &wire) & 4, 4);
    assert_true(level && wire);
    assert_non_null(vgic5_state_lpis(good, &words));
    assert_int_equal(words, 4096);
    vgic5_state_free(good);
    vgic5_state_free(NULL);
}

/* ---- Snapshots ------------------------------------------------------------------------------- */

enum alteration {
    DROP_SECTION,
    NEWER_SECTION,
    EXTRA_FIELD,
    DROP_FIELD,
    OTHER_KIND,
    OTHER_ID,
    OTHER_VALUE,
    SHORTER,
};

/* One thing in a snapshot is not as it should be. */
struct damage {
    const char *message;
    enum alteration what;
    const char *section;
    uint64_t instance;
    const char *field;
    uint64_t value;
    enum vgic5_cause cause;
};

static const struct damage damages[] = {
    {"section gic 0 is missing", DROP_SECTION, "gic", 0, NULL, 0, VGIC5_CAUSE_DAMAGED},
    {"section irs 0 is missing", DROP_SECTION, "irs", 0, NULL, 0, VGIC5_CAUSE_DAMAGED},
    {"section spi 0 is missing", DROP_SECTION, "spi", 0, NULL, 0, VGIC5_CAUSE_DAMAGED},
    {"section lpi 0 is missing", DROP_SECTION, "lpi", 0, NULL, 0, VGIC5_CAUSE_DAMAGED},
    {"section icc 17 is missing", DROP_SECTION, "icc", 17, NULL, 0, VGIC5_CAUSE_DAMAGED},
    {"section irs 0 has version 2", NEWER_SECTION, "irs", 0, NULL, 0, VGIC5_CAUSE_UNFIT},
    {"section icc 3 has version 2", NEWER_SECTION, "icc", 3, NULL, 0, VGIC5_CAUSE_UNFIT},
    {"section gic 0 has a field later, which", EXTRA_FIELD, "gic", 0, NULL, 0, VGIC5_CAUSE_UNFIT},
    {"section irs 0 has", EXTRA_FIELD, "irs", 0, NULL, 0, VGIC5_CAUSE_UNFIT},
    {"section spi 0 has a field later, which", EXTRA_FIELD, "spi", 0, NULL, 0, VGIC5_CAUSE_UNFIT},
    {"section icc 3 has a field later, which", EXTRA_FIELD, "icc", 3, NULL, 0, VGIC5_CAUSE_UNFIT},
    {"section gic 0 has no field abi", DROP_FIELD, "gic", 0, "abi", 0, VGIC5_CAUSE_DAMAGED},
    {"section irs 0 has no field IRS_CR1", DROP_FIELD, "irs", 0, "IRS_CR1", 0, VGIC5_CAUSE_DAMAGED},
    {"section spi 0 has no field iste", DROP_FIELD, "spi", 0, "iste", 0, VGIC5_CAUSE_DAMAGED},
    {"section icc 17 has no field ICC_APR", DROP_FIELD, "icc", 17, "ICC_APR", 0,
     VGIC5_CAUSE_DAMAGED},
    {"field nr_spis is of kind 3", OTHER_KIND, "gic", 0, "nr_spis", 0, VGIC5_CAUSE_DAMAGED},
    {"field iste is of kind 3", OTHER_KIND, "lpi", 0, "iste", 0, VGIC5_CAUSE_DAMAGED},
    {"field IRS_CR1 has id 0x85, expected 0x84", OTHER_ID, "irs", 0, "IRS_CR1", 0,
     VGIC5_CAUSE_DAMAGED},
    {"field ICC_PCR has id 0xce03", OTHER_ID, "icc", 3, "ICC_PCR", 0, VGIC5_CAUSE_DAMAGED},
    {"field IRS_CR1 is 0x100000000", OTHER_VALUE, "irs", 0, "IRS_CR1", UINT64_C(1) << 32,
     VGIC5_CAUSE_DAMAGED},
    {"nr_spis is 0x420", OTHER_VALUE, "gic", 0, "nr_spis", 1056, VGIC5_CAUSE_DAMAGED},
    {"nr_spis is 33", OTHER_VALUE, "gic", 0, "nr_spis", 33, VGIC5_CAUSE_DAMAGED},
    {"field iste has 256 bytes, expected 384", OTHER_VALUE, "gic", 0, "nr_spis", 96,
     VGIC5_CAUSE_DAMAGED},
    {"IRS_CR0.IDLE is 0", OTHER_VALUE, "irs", 0, "IRS_CR0", 1, VGIC5_CAUSE_DAMAGED},
    {"LPI_ID_BITS is above 24", OTHER_VALUE, "irs", 0, "IRS_IST_CFGR", 0x1001f,
     VGIC5_CAUSE_DAMAGED},
    {"IST_BASER.VALID is 0", OTHER_VALUE, "irs", 0, "IRS_IST_BASER", 0, VGIC5_CAUSE_DAMAGED},
    {"field iste has 255 bytes", SHORTER, "spi", 0, "iste", 0, VGIC5_CAUSE_DAMAGED},
    {"field wires has 7 bytes", SHORTER, "spi", 0, "wires", 0, VGIC5_CAUSE_DAMAGED},
    {"field iste has 16383 bytes", SHORTER, "lpi", 0, "iste", 0, VGIC5_CAUSE_DAMAGED},
    {"vcpu_ids has 7 bytes", SHORTER, "gic", 0, "vcpu_ids", 0, VGIC5_CAUSE_DAMAGED},
    {"abi is \"7.\"", SHORTER, "gic", 0, "abi", 0, VGIC5_CAUSE_UNFIT},
};

struct copying {
    const struct vgic5_snapshot *from;
    const struct damage *damage;
};

static void copy_field(struct vgic5_fields *to, const struct vgic5_field *field,
                       const struct damage *damage)
{
    bool hit = damage && damage->field && strcmp(field->name, damage->field) == 0;
    uint64_t id = field->id + (hit && damage->what == OTHER_ID);
    size_t size = field->size - (hit && damage->what == SHORTER);

    if (hit && damage->what == DROP_FIELD)
        return;
    if (hit && damage->what == OTHER_KIND)
        vgic5_fields_put_text(to, field->name, id, "words");
    else if (field->kind == VGIC5_FIELD_U64)
        vgic5_fields_put_u64(to, field->name, id,
                             hit && damage->what == OTHER_VALUE ? damage->value : field->u64);
    else if (field->kind == VGIC5_FIELD_BYTES)
        vgic5_fields_put_bytes(to, field->name, id, field->bytes, size);
    else
        vgic5_fields_put_text(to, field->name, id, size < field->size ? "7." : field->bytes);
}

static void copy_section(struct vgic5_snapshot_writer *writer, const struct vgic5_section *section,
                         const struct damage *damage)
{
    struct vgic5_fields *fields = vgic5_fields_new();
    uint32_t version = section->version + (damage && damage->what == NEWER_SECTION);

    assert_non_null(fields);
    for (size_t n = 0; n < vgic5_fields_count(section->fields); n++)
        copy_field(fields, vgic5_fields_at(section->fields, n), damage);
    if (damage && damage->what == EXTRA_FIELD)
        vgic5_fields_put_u64(fields, "later", 0, 1);
    assert_int_equal(vgic5_fields_error(fields), 0);
    assert_int_equal(vgic5_snapshot_put_fields(writer, section->type, section->instance, version,
                                               true, fields, NULL),
                     0);
    vgic5_fields_free(fields);
}

static void copy_sections(struct vgic5_snapshot_writer *writer, void *context)
{
    const struct copying *copying = context;

    for (size_t n = 0; n < vgic5_snapshot_nr_sections(copying->from); n++) {
        const struct vgic5_section *section = vgic5_snapshot_section(copying->from, n);
        const struct damage *damage = copying->damage;
        bool hit =
            strcmp(section->type, damage->section) == 0 && section->instance == damage->instance;

        if (!hit || damage->what != DROP_SECTION)
            copy_section(writer, section, hit ? damage : NULL);
    }
}

static void check_damage(const struct vgic5_snapshot *good, const struct damage *damage)
{
    struct copying copying = {good, damage};
    struct vgic5_snapshot *bad = memory_snapshot(copy_sections, &copying);
    struct vgic5_state *made = NULL;
    struct vgic5_error error = {0};
    int ret = vgic5_state_from_snapshot(bad, &made, &error);

    if (ret == 0 || made || error.cause != damage->cause || !strstr(error.message, damage->message))
        fail_msg("%d, cause %d \"%s\", expected %d \"%s\"", ret, error.cause, error.message,
                 damage->cause, damage->message);
    vgic5_snapshot_close(bad);
}

static void test_damages(void **state)
{
    struct vgic5_state *saved = state_of(VGIC5_ABI_7_4, true);
    struct vgic5_snapshot *good = memory_snapshot_of(saved);

    (void)state;
    for (size_t n = 0; n < sizeof(damages) / sizeof(damages[0]); n++)
        check_damage(good, &damages[n]);
    vgic5_snapshot_close(good);
    vgic5_state_free(saved);
}

/* An interface of a vCPU that is not in vcpu_ids. */
static void put_one_more(struct vgic5_snapshot_writer *writer, void *context)
{
    struct vgic5_fields *fields = vgic5_fields_new();

    assert_int_equal(vgic5_state_to_snapshot(context, writer, NULL), 0);
    assert_int_equal(vgic5_snapshot_put_fields(writer, "icc", 4, 1, true, fields, NULL), 0);
    vgic5_fields_free(fields);
}

static void test_a_foreign_interface(void **state)
{
    struct vgic5_state *saved = state_of(VGIC5_ABI_V1, false), *made = NULL;
    struct vgic5_snapshot *snapshot = memory_snapshot(put_one_more, saved);
    struct vgic5_error error = {0};

    (void)state;
    assert_int_not_equal(vgic5_state_from_snapshot(snapshot, &made, &error), 0);
    assert_non_null(strstr(error.message, "section icc 4 is of no vCPU"));
    assert_int_equal(error.cause, VGIC5_CAUSE_DAMAGED);
    assert_null(made);
    vgic5_snapshot_close(snapshot);
    vgic5_state_free(saved);
}

/* What goes in comes out: the same bytes again. */
static void check_through_snapshot(uint32_t abi, bool busy)
{
    struct vgic5_state *saved = state_of(abi, busy), *read;
    struct memory_file before = memory_file_of(saved), after;
    struct vgic5_snapshot *snapshot = memory_snapshot_of(saved);
    struct vgic5_error error = {0};

    if (vgic5_state_from_snapshot(snapshot, &read, &error))
        fail_msg("%s", error.message);
    after = memory_file_of(read);
    assert_int_equal(before.size, after.size);
    assert_memory_equal(before.bytes, after.bytes, before.size);
    for (const char *const *type = vgic5_state_section_types(); *type; type++) {
        if (strcmp(*type, "lpi") != 0 && strcmp(*type, "icc") != 0)
            assert_non_null(vgic5_snapshot_find(snapshot, *type, 0));
    }
    vgic5_snapshot_close(snapshot);
    memory_file_free(&before);
    memory_file_free(&after);
    vgic5_state_free(saved);
    vgic5_state_free(read);
}

static void test_through_snapshots(void **state)
{
    (void)state;
    check_through_snapshot(VGIC5_ABI_V1, true);
    check_through_snapshot(VGIC5_ABI_V1, false);
    check_through_snapshot(VGIC5_ABI_7_4, true);
    check_through_snapshot(VGIC5_ABI_7_4, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flaws),
        cmocka_unit_test(test_flaws_of_vcpus),
        cmocka_unit_test(test_priority_bits),
        cmocka_unit_test(test_lpi_image),
        cmocka_unit_test(test_accessors),
        cmocka_unit_test(test_damages),
        cmocka_unit_test(test_a_foreign_interface),
        cmocka_unit_test(test_through_snapshots),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
