package io.iocp4j.bench.result;

import java.util.ArrayList;
import java.util.List;

/** Places values on an axis, evenly or by their logarithm. */
record Scale(double low, double high, double from, double to, boolean logarithmic) {
    private static final double[] STEPS = {1, 2, 5, 10};

    double at(double value) {
        double part = logarithmic ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
        return from + part * (to - from);
    }

    /** Round values within the axis with even steps, about as many as wanted. */
    List<Double> ticks(int wanted) {
        double rough = (high - low) / wanted;
        double power = Math.pow(10, Math.floor(Math.log10(rough)));
        double step = 10 * power;
        for (double candidate : STEPS) {
            if (candidate * power >= rough) {
                step = candidate * power;
                break;
            }
        }
        List<Double> result = new ArrayList<>();
        for (long i = (long) Math.ceil(low / step - 1e-9); i * step <= high * (1 + 1e-9); i++) {
            result.add(i * step);
        }
        return result;
    }

    /** The values 1, 2 and 5 times a power of ten within the axis; the powers alone if these would be too many. */
    List<Double> decades(int most) {
        List<Double> all = new ArrayList<>();
        List<Double> powers = new ArrayList<>();
        for (double power = Math.pow(10, Math.floor(Math.log10(low))); power <= high; power *= 10) {
            for (double step : new double[] {1, 2, 5}) {
                double value = step * power;
                if (value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9)) {
                    all.add(value);
                    if (step == 1) {
                        powers.add(value);
                    }
                }
            }
        }
        return all.size() <= most || powers.size() < 2 ? all : powers;
    }
}
