package io.iocp4j.core;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.BiConsumer;
import java.util.stream.Stream;

/**
 * Calls any public method of an object, as the numbers of a seed say, with arguments that they draw. A method that is
 * new is called without anybody having to think of it; one whose arguments cannot be drawn is an error.
 */
public final class AnyCall {
    private static final long SHORT_NANOS = Duration.ofMillis(3).toNanos();

    /**
     * A call that is made.
     *
     * @param caller who makes it, in the words of the test
     * @param target whose method
     * @param name of the method
     * @param random its next numbers decide
     */
    public record Call(Object caller, Object target, String name, SplittableRandom random) {
    }

    /** Makes an argument. */
    @FunctionalInterface
    public interface Argument {
        /**
         * Makes one.
         *
         * @param call for which it is
         * @return an argument; what is counted is released behind the call
         */
        Object draw(Call call);
    }

    private final Map<Class<?>, Argument> arguments = new HashMap<>();
    private final List<Method> methods;
    private List<Method> chosen;
    private final Set<String> ends;
    private final int oneEndIn;
    private BiConsumer<Object, Call> results = (result, call) -> { };
    private Set<String> refusing = Set.of();

    /**
     * Looks for the methods.
     *
     * @param type whose public methods are called, those it inherits too
     * @param except names of methods that are left out
     * @param ends names of methods that end the object, which are drawn less often, so that anything happens before
     * @param oneEndIn how much less
     */
    public AnyCall(Class<?> type, Set<String> except, Set<String> ends, int oneEndIn) {
        this.ends = ends;
        this.oneEndIn = oneEndIn;
        this.methods = Stream.of(type.getMethods())
                .filter(method -> !Modifier.isStatic(method.getModifiers())
                && method.getDeclaringClass() != Object.class)
                .filter(method -> !method.isBridge() && !except.contains(method.getName()))
                // the JDK gives them in any order
                .sorted(Comparator.comparing(Method::toString)).toList();
        this.chosen = methods;
        with(int.class, call -> call.random.nextInt(2_000));
        with(long.class, call -> call.random.nextLong(2_000));
        with(boolean.class, call -> call.random.nextBoolean());
        with(Duration.class, call -> Duration.ofNanos(call.random.nextLong(SHORT_NANOS)));
        with(String.class, call -> "s".repeat(call.random.nextInt(50)));
        with(Object.class, call -> call.name);
        with(Throwable.class, call -> new IOException("on purpose"));
        with(Runnable.class, call -> (Runnable) () -> { });
        with(ByteBuffer.class, call -> ByteBuffer.allocate(call.random.nextInt(2_000)));
        with(byte[].class, call -> new byte[call.random.nextInt(2_000)]);
    }

    /**
     * Sets how arguments of a type are made.
     *
     * @param type of the parameter
     * @param argument makes it
     * @return this
     */
    public AnyCall with(Class<?> type, Argument argument) {
        arguments.put(type, argument);
        return this;
    }

    /**
     * Sets who is told what the methods return: futures that have to complete, streams that have to be closed.
     *
     * @param told of each result
     * @return this
     */
    public AnyCall results(BiConsumer<Object, Call> told) {
        results = told;
        return this;
    }

    /**
     * Leaves most methods out in half of the cases: what two of them do to each other is seldom seen among all others.
     *
     * @param random its next numbers decide
     * @return this
     */
    public AnyCall focus(SplittableRandom random) {
        chosen = methods;
        if (random.nextBoolean()) {
            int oneIn = 2 + random.nextInt(8);
            List<Method> drawn = methods.stream().filter(method -> random.nextInt(oneIn) == 0).toList();
            chosen = drawn.isEmpty() ? methods : drawn;
        }
        return this;
    }

    /**
     * Sets which methods may refuse a call at a wrong time, or with wrong arguments.
     *
     * @param names of methods that may throw {@link IllegalStateException} or {@link IllegalArgumentException}
     * @return this
     */
    public AnyCall refusing(Set<String> names) {
        refusing = names;
        return this;
    }

    /**
     * Calls one.
     *
     * @param caller who, for those who make arguments
     * @param target whose method
     * @param random its next numbers decide
     * @return false if it threw that memory has run out
     * @throws AssertionError if it threw anything else that it does not declare, and may not refuse either
     */
    public boolean call(Object caller, Object target, SplittableRandom random) {
        Method method = chosen.get(random.nextInt(chosen.size()));
        while (ends.contains(method.getName()) && random.nextInt(oneEndIn) > 0) {
            method = chosen.get(random.nextInt(chosen.size()));
        }
        Call call = new Call(caller, target, method.getName(), random);
        List<Object> drawn = new ArrayList<>();
        for (Class<?> type : method.getParameterTypes()) {
            drawn.add(draw(type, call));
        }
        Stepper.note(method.getName());
        try {
            results.accept(method.invoke(target, drawn.toArray()), call);
            return true;
        } catch (InvocationTargetException e) {
            Stepper.note(method.getName() + " threw " + e.getCause());
            boolean declared = e.getCause() instanceof IOException && method.getExceptionTypes().length > 0;
            boolean refused = e.getCause() instanceof IllegalStateException
                    || e.getCause() instanceof IllegalArgumentException;
            boolean noMemory = e.getCause() instanceof OutOfMemoryError;
            if (!declared && !noMemory && !(refused && refusing.contains(method.getName()))) {
                throw new AssertionError(method.getName() + " threw", e.getCause());
            }
            return !noMemory;
        } catch (IllegalAccessException e) {
            throw new AssertionError(e);
        } finally {
            drawn.stream().filter(RefCounted.class::isInstance).forEach(counted -> ((RefCounted) counted).release());
        }
    }

    private Object draw(Class<?> type, Call call) {
        if (arguments.containsKey(type)) {
            return arguments.get(type).draw(call);
        }
        if (type.isEnum()) {
            return type.getEnumConstants()[call.random.nextInt(type.getEnumConstants().length)];
        }
        throw new AssertionError("no argument of " + type + " for " + call.name);
    }

    /**
     * The methods that may be called.
     *
     * @return their names
     */
    public List<String> names() {
        return methods.stream().map(Method::getName).distinct().toList();
    }
}
