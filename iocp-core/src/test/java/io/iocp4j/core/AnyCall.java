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
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Calls any public method of an object, as the numbers of a seed say, with arguments that they draw. A method that is new is called
 * without anybody having to think of it; one whose arguments cannot be drawn is an error.
 */
public final class AnyCall {
    private static final long SHORT_NANOS = Duration.ofMillis(3).toNanos();

    /** Makes an argument. */
    @FunctionalInterface
    public interface Argument {
        /**
         * Makes one.
         *
         * @param random its next numbers decide
         * @param method for which it is
         * @return an argument; what is counted is released behind the call
         */
        Object draw(SplittableRandom random, Method method);
    }

    private final Map<Class<?>, Argument> arguments = new HashMap<>();
    private final List<Method> methods;
    private List<Method> chosen;
    private final Set<String> ends;
    private final int oneEndIn;
    private Consumer<CompletableFuture<?>> futures = future -> { };
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
                .filter(method -> !Modifier.isStatic(method.getModifiers()) && method.getDeclaringClass() != Object.class)
                .filter(method -> !method.isBridge() && !except.contains(method.getName()))
                // the JDK gives them in any order
                .sorted(Comparator.comparing(Method::toString)).toList();
        this.chosen = methods;
        with(int.class, (random, method) -> random.nextInt(2_000));
        with(long.class, (random, method) -> random.nextLong(2_000));
        with(boolean.class, (random, method) -> random.nextBoolean());
        with(Duration.class, (random, method) -> Duration.ofNanos(random.nextLong(SHORT_NANOS)));
        with(String.class, (random, method) -> "s".repeat(random.nextInt(50)));
        with(Object.class, (random, method) -> method);
        with(Throwable.class, (random, method) -> new IOException("on purpose"));
        with(Runnable.class, (random, method) -> (Runnable) () -> { });
        with(ByteBuffer.class, (random, method) -> ByteBuffer.allocate(random.nextInt(2_000)));
        with(byte[].class, (random, method) -> new byte[random.nextInt(2_000)]);
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
     * Sets who is told of the futures that the methods return, which have to complete at last.
     *
     * @param told of each
     * @return this
     */
    public AnyCall futures(Consumer<CompletableFuture<?>> told) {
        futures = told;
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
     * @param target whose method
     * @param random its next numbers decide
     * @throws AssertionError if it threw what it does not declare, and may not refuse either
     */
    public void call(Object target, SplittableRandom random) {
        Method method = chosen.get(random.nextInt(chosen.size()));
        while (ends.contains(method.getName()) && random.nextInt(oneEndIn) > 0) {
            method = chosen.get(random.nextInt(chosen.size()));
        }
        List<Object> drawn = new ArrayList<>();
        for (Class<?> type : method.getParameterTypes()) {
            drawn.add(draw(type, random, method));
        }
        Stepper.note(method.getName());
        try {
            switch (method.invoke(target, drawn.toArray())) {
                case CompletableFuture<?> future -> futures.accept(future);
                case PooledBuffer ours -> ours.release();
                case null, default -> { }
            }
        } catch (InvocationTargetException e) {
            Stepper.note(method.getName() + " threw " + e.getCause());
            boolean declared = e.getCause() instanceof IOException && method.getExceptionTypes().length > 0;
            boolean refused = e.getCause() instanceof IllegalStateException || e.getCause() instanceof IllegalArgumentException;
            if (!declared && !(refused && refusing.contains(method.getName()))) {
                throw new AssertionError(method.getName() + " threw", e.getCause());
            }
        } catch (IllegalAccessException e) {
            throw new AssertionError(e);
        } finally {
            drawn.stream().filter(RefCounted.class::isInstance).forEach(counted -> ((RefCounted) counted).release());
        }
    }

    private Object draw(Class<?> type, SplittableRandom random, Method method) {
        if (arguments.containsKey(type)) {
            return arguments.get(type).draw(random, method);
        }
        if (type.isEnum()) {
            return type.getEnumConstants()[random.nextInt(type.getEnumConstants().length)];
        }
        throw new AssertionError("no argument of " + type + " for " + method);
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
