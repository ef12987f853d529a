package io.iocp4j.core;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.Label;
import java.lang.classfile.MethodModel;
import java.lang.classfile.Opcode;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.LineNumber;
import java.lang.classfile.instruction.MonitorInstruction;
import java.lang.classfile.instruction.ReturnInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.lang.reflect.AccessFlag;
import java.lang.reflect.Constructor;
import java.net.URL;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

/**
 * The classes of this project once more, with calls of {@link Stepper} in them: all locks lead there, and in the code
 * under test each access to a field that may change and each atomic step is a point where another thread may go on.
 * Tests are loaded too, so that they see these classes. Except for their locks they stay as they are.
 */
public final class SteppedClasses extends ClassLoader {
    private static final String OURS = "io.iocp4j.";
    private static final ClassDesc STEPPER = ClassDesc.of("io.iocp4j.core.Stepper");
    private static final MethodTypeDesc POINT = MethodTypeDesc.of(ConstantDescs.CD_void, ConstantDescs.CD_String);
    private static final MethodTypeDesc ENTER =
            MethodTypeDesc.of(ConstantDescs.CD_void, ConstantDescs.CD_Object, ConstantDescs.CD_String);
    private static final MethodTypeDesc ON_LOCK = MethodTypeDesc.of(ConstantDescs.CD_void, ConstantDescs.CD_Object);
    private static final String TIME_UNIT = "java/util/concurrent/TimeUnit";
    private static final String FUTURE = "java/util/concurrent/CompletableFuture";
    private static final String ATOMIC_STEPS =
            "java/lang/invoke/VarHandle|java/util/concurrent/(atomic/.*|CompletableFuture|ConcurrentHash.*)";

    static {
        registerAsParallelCapable();
    }

    private final ClassFile classFile = ClassFile.of(ClassFile.ClassHierarchyResolverOption.of(
            ClassHierarchyResolver.ofResourceParsing(getParent()).orElse(ClassHierarchyResolver.defaultResolver())));
    private final Map<String, Set<String>> finalFields = new ConcurrentHashMap<>();

    /** Makes a loader whose parent has the classes as they are. */
    public SteppedClasses() {
        super("stepped", Stepper.class.getClassLoader());
        setDefaultAssertionStatus(true);
    }

    /**
     * Makes an object of a class of this loader, by its constructor without parameters.
     *
     * @param <T> a type of the JDK
     * @param type that it has
     * @param name of the class
     * @return new
     */
    public <T> T make(Class<T> type, String name) {
        try {
            Constructor<?> constructor = loadClass(name).getDeclaredConstructor();
            // the same package of another loader is another one
            constructor.setAccessible(true);
            return type.cast(constructor.newInstance());
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(name, e);
        }
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        if (!name.startsWith(OURS) || Stepper.isStepper(name) || name.equals(SteppedClasses.class.getName())) {
            return super.loadClass(name, resolve);
        }
        synchronized (getClassLoadingLock(name)) {
            Class<?> loaded = findLoadedClass(name);
            return loaded != null ? loaded : define(name);
        }
    }

    private Class<?> define(String name) throws ClassNotFoundException {
        URL place = getParent().getResource(name.replace('.', '/') + ".class");
        if (place == null) {
            throw new ClassNotFoundException(name);
        }
        boolean test = place.toString().contains("test-classes") || place.toString().contains("-tests.jar");
        byte[] changed = changed(classFile.parse(bytes(place)), test);
        return defineClass(name, changed, 0, changed.length);
    }

    private static byte[] bytes(URL place) {
        try (InputStream in = place.openStream()) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    // ------------------------------------------------------------------ the changes

    private byte[] changed(ClassModel model, boolean test) {
        String simple = model.thisClass().asInternalName().replaceAll(".*/", "");
        return classFile.transformClass(model, (builder, element) -> {
            if (element instanceof MethodModel method && method.code().isPresent()) {
                int flags = method.flags().flagsMask() & ~ClassFile.ACC_SYNCHRONIZED;
                builder.withMethod(method.methodName(), method.methodType(), flags, made -> method.forEach(part -> {
                    switch (part) {
                        case java.lang.classfile.AccessFlags ignored -> { }
                        case java.lang.classfile.CodeModel code ->
                                made.transformCode(code, new Change(model, method, simple, test));
                        default -> made.with(part);
                    }
                }));
            } else {
                builder.with(element);
            }
        });
    }

    /** Whether a field, once it can be seen, stays as it is. */
    private boolean isFinal(FieldInstruction access) {
        return finalFields.computeIfAbsent(access.owner().asInternalName(), owner -> {
            ClassModel model = classFile.parse(bytes(getParent().getResource(owner + ".class")));
            return model.fields().stream().filter(field -> field.flags().has(AccessFlag.FINAL))
                    .map(field -> field.fieldName().stringValue()).collect(Collectors.toSet());
        }).contains(access.name().stringValue());
    }

    /** The change of one method. */
    private final class Change implements CodeTransform {
        private final ClassDesc owner;
        private final String name;
        private final boolean stepped;
        private final boolean synchronizedMethod;
        private final boolean isStatic;
        private final boolean takesMemory;
        private int line;
        private Label begin;

        Change(ClassModel type, MethodModel method, String simple, boolean test) {
            owner = type.thisClass().asSymbol();
            name = simple + "." + method.methodName().stringValue();
            stepped = !test && !name.contains("<");
            synchronizedMethod = method.flags().has(AccessFlag.SYNCHRONIZED);
            isStatic = method.flags().has(AccessFlag.STATIC);
            takesMemory = name.equals("BufferPool.take");
        }

        @Override
        public void atStart(CodeBuilder code) {
            if (takesMemory) {
                code.invokestatic(STEPPER, "allocation", ConstantDescs.MTD_void);
            }
            if (synchronizedMethod) {
                monitor(code);
                code.loadConstant(name).invokestatic(STEPPER, "enter", ENTER);
                begin = code.newBoundLabel();
            }
        }

        private void monitor(CodeBuilder code) {
            if (isStatic) {
                code.loadConstant(owner);
            } else {
                code.aload(0);
            }
        }

        @Override
        public void accept(CodeBuilder code, CodeElement element) {
            switch (element) {
                case LineNumber number -> {
                    line = number.line();
                    code.with(element);
                }
                case MonitorInstruction monitor when monitor.opcode() == Opcode.MONITORENTER ->
                        code.loadConstant(name + ":" + line).invokestatic(STEPPER, "enter", ENTER);
                case MonitorInstruction monitor -> code.invokestatic(STEPPER, "exit", ON_LOCK);
                case FieldInstruction access -> {
                    if (stepped && access.owner().asInternalName().startsWith("io/iocp4j/") && !isFinal(access)) {
                        point(code);
                    }
                    code.with(element);
                }
                case InvokeInstruction call -> call(code, call);
                case ReturnInstruction back when synchronizedMethod -> {
                    monitor(code);
                    code.invokestatic(STEPPER, "exit", ON_LOCK).with(element);
                }
                default -> code.with(element);
            }
        }

        private void call(CodeBuilder code, InvokeInstruction call) {
            String type = call.owner().asInternalName();
            String called = call.name().stringValue();
            MethodTypeDesc instead = instead(type, called, call.typeSymbol());
            if (instead != null) {
                code.invokestatic(STEPPER, called.equals("wait") ? "await" : called.equals("timedWait") ? "timedAwait"
                        : called.equals("notifyAll") ? "wake" : called, instead);
                return;
            }
            if (stepped && type.matches(ATOMIC_STEPS)) {
                point(code);
            }
            code.with(call);
        }

        /** The type of the method of {@link Stepper} that is called instead; null if none is. */
        private MethodTypeDesc instead(String type, String called, MethodTypeDesc as) {
            boolean onObject = as.equals(ConstantDescs.MTD_void);
            return switch (called) {
                case "holdsLock" -> type.equals("java/lang/Thread") ? as : null;
                case "wait", "notifyAll" -> onObject
                        ? MethodTypeDesc.of(ConstantDescs.CD_void, ConstantDescs.CD_Object) : null;
                case "timedWait" -> type.equals(TIME_UNIT)
                        ? as.insertParameterTypes(0, ClassDesc.ofInternalName(TIME_UNIT)) : null;
                case "nanoTime" -> type.equals("java/lang/System") ? as : null;
                case "join", "get" -> type.equals(FUTURE)
                        ? as.insertParameterTypes(0, ClassDesc.ofInternalName(FUTURE)) : null;
                default -> null;
            };
        }

        private void point(CodeBuilder code) {
            code.loadConstant(name + ":" + line).invokestatic(STEPPER, "point", POINT);
        }

        @Override
        public void atEnd(CodeBuilder code) {
            if (synchronizedMethod) {
                Label end = code.newBoundLabel();
                Label thrown = code.newBoundLabel();
                monitor(code);
                code.invokestatic(STEPPER, "exit", ON_LOCK).athrow();
                code.exceptionCatchAll(begin, end, thrown);
            }
        }
    }
}
