#include <kdproto/status.h>

const char *kd_status_text(enum kd_status st)
{
    switch (st) {
    case KD_OK:
        return "ok";
    case KD_ERR_TRUNCATED:
        return "truncated";
    case KD_ERR_MALFORMED:
        return "malformed";
    case KD_ERR_UNSUPPORTED:
        return "not supported";
    case KD_ERR_AUTH:
        return "authentication failed";
    case KD_ERR_MISMATCH:
        return "does not match";
    case KD_ERR_NOT_MAPPED:
        return "not mapped";
    case KD_ERR_NOT_RECORDED:
        return "not in the recording";
    case KD_ERR_PAGED_OUT:
        return "paged out";
    case KD_ERR_DEMAND_ZERO:
        return "never touched";
    case KD_ERR_FILE_BACKED:
        return "not yet read from its file";
    case KD_ERR_NEEDS_VAD:
        return "known to its VAD alone";
    case KD_ERR_BAD_TABLES:
        return "behind damaged page tables";
    case KD_ERR_NOT_MEMORY:
        return "not in the machine's memory";
    case KD_ERR_NOT_IN_DUMP:
        return "not in the dump";
    case KD_ERR_CUT_OFF:
        return "behind the end of the file";
    case KD_ERR_NOT_FOUND:
        return "not found";
    case KD_ERR_REFUSED:
        return "refused by the target";
    case KD_ERR_LIMIT:
        return "limit reached";
    case KD_ERR_CYCLE:
        return "list leads back into itself";
    case KD_ERR_TIMEOUT:
        return "timed out";
    case KD_ERR_LOST:
        return "target fell silent";
    case KD_ERR_REBOOTED:
        return "target restarted";
    case KD_ERR_INTERRUPTED:
        return "interrupted by the target";
    case KD_ERR_CANCELLED:
        return "cancelled";
    case KD_ERR_USAGE:
        return "wrong usage";
    case KD_ERR_READ_ONLY:
        return "would alter the target of a read-only session";
    case KD_ERR_BUSY:
        return "busy";
    case KD_ERR_IO:
        return "input/output error";
    case KD_ERR_NO_MEMORY:
        return "out of memory";
    }
    return "unknown status";
}

bool kd_is_unreadable(enum kd_status st)
{
    return kd_is_page_unreadable(st) || st == KD_ERR_NOT_RECORDED || st == KD_ERR_NOT_IN_DUMP ||
           st == KD_ERR_CUT_OFF;
}

bool kd_is_page_unreadable(enum kd_status st)
{
    switch (st) {
    case KD_ERR_NOT_MAPPED:
    case KD_ERR_PAGED_OUT:
    case KD_ERR_DEMAND_ZERO:
    case KD_ERR_FILE_BACKED:
    case KD_ERR_NEEDS_VAD:
    case KD_ERR_BAD_TABLES:
    case KD_ERR_NOT_MEMORY:
        return true;
    default:
        return false;
    }
}
