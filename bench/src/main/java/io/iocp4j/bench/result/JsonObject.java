package io.iocp4j.bench.result;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Members of a JSON object by type. A missing member, or one of another type, is reported with its name. */
final class JsonObject {
    private final String where;
    private final Map<?, ?> members;

    /** Takes a value of {@link Json#read} that has to be an object. */
    JsonObject(String where, Object value) {
        this.where = where;
        if (!(value instanceof Map<?, ?> map)) {
            throw new IllegalArgumentException(where + " is no object");
        }
        members = map;
    }

    String text(String name) {
        return member(name, String.class);
    }

    boolean bool(String name) {
        return member(name, Boolean.class);
    }

    long number(String name) {
        return member(name, Long.class);
    }

    int integer(String name) {
        long value = number(name);
        if (value != (int) value) {
            throw new IllegalArgumentException(where + ": " + name + " is too large: " + value);
        }
        return (int) value;
    }

    /** A number that is null if it could not be measured. */
    long measured(String name) {
        return isNull(name) ? Sample.UNKNOWN : number(name);
    }

    /** A number with a fraction; NaN if it is null. */
    double real(String name) {
        return isNull(name) ? Double.NaN : member(name, Number.class).doubleValue();
    }

    /** A text, or null. */
    String textOrNull(String name) {
        return isNull(name) ? null : text(name);
    }

    JsonObject object(String name) {
        return new JsonObject(where + ": " + name, member(name, Map.class));
    }

    List<JsonObject> objects(String name) {
        List<?> list = member(name, List.class);
        return IntStream.range(0, list.size())
                .mapToObj(i -> new JsonObject(where + ": " + name + " " + i, list.get(i))).toList();
    }

    List<String> texts(String name) {
        List<String> result = new ArrayList<>();
        for (Object element : member(name, List.class)) {
            if (!(element instanceof String text)) {
                throw new IllegalArgumentException(where + ": " + name + " has no text: " + element);
            }
            result.add(text);
        }
        return result;
    }

    private boolean isNull(String name) {
        if (!members.containsKey(name)) {
            throw new IllegalArgumentException(where + " has no member " + name);
        }
        return members.get(name) == null;
    }

    private <T> T member(String name, Class<T> type) {
        if (isNull(name) || !type.isInstance(members.get(name))) {
            throw new IllegalArgumentException(where + ": " + name + " is no " + type.getSimpleName());
        }
        return type.cast(members.get(name));
    }
}
