package io.iocp4j.core;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What became of each context: submitted, completed, delivered, freed, each once and in this order. Guarded by its
 * simulation.
 *
 * <p>The contexts check themselves, too; the ledger does not trust them, and it alone can say what is missing at the
 * end.
 */
final class Ledger {
    private enum Step {
        SUBMITTED, COMPLETED, DELIVERED
    }

    private static final class Entry {
        final long id;
        final Operation operation;
        Step step = Step.SUBMITTED;

        Entry(long id, Operation operation) {
            this.id = id;
            this.operation = operation;
        }

        @Override
        public String toString() {
            return "#" + id + " " + operation;
        }
    }

    /**
     * By identity, as contexts do not define equality; in the order of their submits, so that reports can be compared.
     */
    private final Map<IoContext, Entry> entries = new LinkedHashMap<>();

    void submitted(IoContext context) {
        if (entries.putIfAbsent(context, new Entry(entries.size(), context.operation())) != null) {
            throw new AssertionError("submitted twice: " + entries.get(context));
        }
    }

    void completed(IoContext context) {
        move(context, Step.SUBMITTED, Step.COMPLETED);
    }

    void delivered(IoContext context) {
        move(context, Step.COMPLETED, Step.DELIVERED);
        if (context.references() < 1) {
            throw new AssertionError("freed before its delivery: " + entries.get(context));
        }
    }

    private void move(IoContext context, Step from, Step to) {
        Entry entry = entries.get(context);
        if (entry == null || entry.step != from) {
            Object was = entry == null ? "never submitted" : entry.step;
            throw new AssertionError(context + " is to be " + to + " but was " + was);
        }
        entry.step = to;
    }

    /** The number of a context in the order of the submits. */
    long id(IoContext context) {
        return entries.get(context).id;
    }

    /** What has not come to its end. */
    List<String> unfinished() {
        List<String> texts = new ArrayList<>();
        entries.forEach((context, entry) -> {
            if (entry.step != Step.DELIVERED || context.references() != 0) {
                texts.add(entry + " " + entry.step + ", " + context.references() + " references");
            }
        });
        return texts;
    }
}
