package io.iocp4j.bench.run;

import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;

/** Suggests a known word in place of an unknown one. */
public final class Suggestion {
    private Suggestion() {
    }

    /**
     * Returns a suggestion as the continuation of a message.
     *
     * @param wrong the word that is not known
     * @param known the words that are known
     * @return for example {@code ", did you mean rounds?"}; empty if none is near
     */
    public static String of(String wrong, Collection<String> known) {
        return known.stream().min(Comparator.comparingInt(word -> distance(wrong, word)))
                .filter(word -> distance(wrong, word) <= Math.max(2, wrong.length() / 3) || word.startsWith(wrong))
                .map(word -> ", did you mean " + word + "?").orElse("");
    }

    /** The number of characters to add, drop or replace (Levenshtein distance). */
    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        Arrays.setAll(row, i -> i);
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[b.length()];
    }
}
