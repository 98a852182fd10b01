/* SPDX-License-Identifier: BSD-3-Clause */
/* The families one after the other, and the run. */
#include <stdio.h>

#include "conform/trial.h"
#include "facts/sized.h"

static const struct family *const families[] = {
    &family_errno, &family_irs,     &family_frame,   &family_identity,
    &family_idr2,  &family_sysregs, &family_ist,     &family_ist_refused,
    &family_life,  &family_guest,   &family_restore,
};

/* The family of the n-th check, with n made its index there; NULL: there are no more. */
static const struct family *family_of(size_t *n)
{
    for (size_t f = 0; f < sizeof(families) / sizeof(families[0]); f++) {
        size_t length = families[f]->length();

        if (*n < length)
            return families[f];
        *n -= length;
    }
    return NULL;
}

size_t vgic5_conform_length(void)
{
    size_t length = 0;

    for (size_t f = 0; f < sizeof(families) / sizeof(families[0]); f++)
        length += families[f]->length();
    return length;
}

int vgic5_conform_check_at_sized(size_t n, struct vgic5_conform_check *check, size_t size)
{
    const struct family *family = family_of(&n);
    struct vgic5_conform_check own;

    if (!check || !family)
        return -EINVAL;
    memset(&own, 0, sizeof(own));
    family->describe(n, &own);
    sized_give(check, size, &own, sizeof(own));
    return 0;
}

/* ---- Rows ------------------------------------------------------------------------------------ */

static const struct {
    const char *id, *words;
} row_words[] = {
#define REFUSAL(id, group, call, condition, error, profiles, source, words) \
    {#id, #group " " #call ", " words ": " #error},
#include "device/contract.def"
#undef REFUSAL
#define RULE(id, profiles, source, words) {#id, words},
#include "conform/rules.def"
#undef RULE
};

const char *vgic5_conform_row_words(const char *row)
{
    for (size_t n = 0; row && n < sizeof(row_words) / sizeof(row_words[0]); n++) {
        if (strcmp(row_words[n].id, row) == 0)
            return row_words[n].words;
    }
    return NULL;
}

/* ---- The run --------------------------------------------------------------------------------- */

/* An older caller's ops are shorter: what they lack is NULL. */
static int ops_open(struct vgic5_conform_ops *ops, const struct vgic5_conform_ops *given)
{
    memset(ops, 0, sizeof(*ops));
    memcpy(ops, given, given->size < sizeof(*ops) ? given->size : sizeof(*ops));
    if (!ops->create || !ops->destroy || !ops->add_vcpu || !ops->has_attr || !ops->get_attr ||
        !ops->set_attr || !ops->enter || !ops->leave || !ops->irq_line)
        return -EINVAL;
    if (ops->abi != VGIC5_ABI_V1 && ops->abi != VGIC5_ABI_7_4)
        return -EINVAL;
    if (ops->ipa_bits == 0)
        ops->ipa_bits = 40;
    return 0;
}

static void run_one(const struct vgic5_conform_ops *ops, size_t n, struct trial *trial)
{
    const struct family *family = family_of(&n);
    int ret;

    *trial = (struct trial){.ops = ops, .verdict = VGIC5_CONFORM_PASS};
    ret = ops->create(ops->opaque, &trial->vm);
    if (ret) {
        trial_fail(trial, "no VM with a VGICv5 can be created: errno %d", -ret);
        return;
    }
    family->run(trial, n);
    ops->destroy(trial->vm);
}

static bool is_asked_for(const struct vgic5_conform_check *check, uint32_t abi, const char *prefix)
{
    return check->profiles >> abi & 1 &&
           (!prefix || strncmp(prefix, check->name, strlen(prefix)) == 0);
}

#define SUMMARY_FIRST_SIZE SIZE_WITH(struct vgic5_conform_summary, skipped)

static void give_summary(struct vgic5_conform_summary *summary, const unsigned verdicts[3])
{
    const struct vgic5_conform_summary own = {summary->size, verdicts[0], verdicts[1], verdicts[2]};

    sized_give(summary, summary->size, &own, sizeof(own));
}

int vgic5_conform_run(const struct vgic5_conform_ops *given, const char *prefix,
                      void (*report)(void *opaque, const struct vgic5_conform_result *result),
                      void *opaque, struct vgic5_conform_summary *summary)
{
    unsigned verdicts[3] = {0};
    struct vgic5_conform_check check;
    struct vgic5_conform_ops ops;
    struct trial trial;
    bool found = false;

    if (!given || ops_open(&ops, given) || (summary && summary->size < SUMMARY_FIRST_SIZE))
        return -EINVAL;
    for (size_t n = 0; vgic5_conform_check_at(n, &check) == 0; n++) {
        if (!is_asked_for(&check, ops.abi, prefix))
            continue;
        found = true;
        run_one(&ops, n, &trial);
        verdicts[trial.verdict]++;
        if (report)
            report(opaque, &(struct vgic5_conform_result){&check, trial.verdict, trial.message});
    }
    if (summary)
        give_summary(summary, verdicts);
    return found ? 0 : -ENOENT;
}
