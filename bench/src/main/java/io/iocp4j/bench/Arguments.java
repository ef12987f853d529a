package io.iocp4j.bench;

import io.iocp4j.bench.run.Suggestion;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The arguments of one command: words, and options that begin with two hyphens. An option has its value in the next
 * word or after an equals sign; a switch has no value. The words after a lone {@code --} are for another program.
 */
final class Arguments {
    private final List<String> words = new ArrayList<>();
    private final Map<String, List<String>> options = new LinkedHashMap<>();
    private List<String> rest = List.of();

    /**
     * Reads arguments.
     *
     * @param args the arguments behind the name of the command
     * @param known the options, separated by spaces; one that ends with {@code !} is a switch
     * @throws IllegalArgumentException if an option is not known or lacks its value
     */
    Arguments(List<String> args, String known) {
        List<String> names = Arrays.stream(known.split(" ")).filter(name -> !name.isEmpty()).toList();
        for (int i = 0; i < args.size(); i++) {
            String arg = args.get(i);
            if (arg.equals("--")) {
                rest = args.subList(i + 1, args.size());
                return;
            }
            if (!arg.startsWith("-")) {
                words.add(arg);
                continue;
            }
            int equals = arg.indexOf('=');
            String name = equals < 0 ? arg : arg.substring(0, equals);
            if (names.contains(name + "!") && equals < 0) {
                options.computeIfAbsent(name, unused -> new ArrayList<>());
            } else if (!names.contains(name)) {
                List<String> all = names.stream().map(n -> n.replace("!", "")).toList();
                throw new IllegalArgumentException("no option is called " + name + Suggestion.of(name, all)
                        + (all.isEmpty() ? "; there are none here" : "; there are " + String.join(", ", all)));
            } else if (equals < 0 && i + 1 == args.size()) {
                throw new IllegalArgumentException(name + " lacks its value");
            } else {
                String value = equals < 0 ? args.get(++i) : arg.substring(equals + 1);
                options.computeIfAbsent(name, unused -> new ArrayList<>()).add(value);
            }
        }
    }

    List<String> words() {
        return words;
    }

    /** The words after a lone {@code --}. */
    List<String> rest() {
        return rest;
    }

    boolean has(String option) {
        return options.containsKey(option);
    }

    /** All values of an option that may occur more than once. */
    List<String> all(String option) {
        return options.getOrDefault(option, List.of());
    }

    /** The last value of an option. */
    String text(String option, String otherwise) {
        return has(option) ? options.get(option).getLast() : otherwise;
    }

    /** A whole number of 1 or more. */
    int count(String option, int otherwise) {
        String text = text(option, Integer.toString(otherwise));
        if (!text.matches("[1-9]\\d{0,6}")) {
            throw new IllegalArgumentException(option + " must be a number of 1 or more: " + text);
        }
        return Integer.parseInt(text);
    }

    /** Any whole number. */
    long number(String option, long otherwise) {
        String text = text(option, Long.toString(otherwise));
        if (!text.matches("-?\\d{1,18}")) {
            throw new IllegalArgumentException(option + " must be a whole number: " + text);
        }
        return Long.parseLong(text);
    }

    /** A time in seconds, 0 or more. */
    double seconds(String option, double otherwise) {
        String text = text(option, Double.toString(otherwise));
        if (!text.matches("\\d{1,5}(\\.\\d+)?")) {
            throw new IllegalArgumentException(option + " must be seconds, such as 2 or 0.5: " + text);
        }
        return Double.parseDouble(text);
    }
}
