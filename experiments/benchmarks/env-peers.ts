/**
 * Measures Python's gyms the way `benchEnv` measures ours: random actions drawn before, processor time of the process,
 * median of 5 repeats. Prints one JSON object per line; a gym that cannot be imported prints why.
 *
 * The NumPy CartPole is the same physics in whole-array operations with restarts in the same step: what a Python
 * author would write for speed. Gymnasium's own is `CartPoleVectorEnv`, restarts in the next step, which are counted
 * as steps here although nothing moves in them.
 */
export const PEER_SCRIPT = String.raw`
import json, sys, time
seconds, batches = float(sys.argv[1]), [int(b) for b in sys.argv[2].split(",")]
REPEATS = 5

def median_rate(step, batch):
    def run(budget):
        start, steps = time.process_time(), 0
        while time.process_time() - start < budget:
            for i in range(20):
                step(i)
            steps += 20
        return steps * batch / (time.process_time() - start)
    run(min(0.3, seconds / 5))
    return sorted(run(seconds / REPEATS) for _ in range(REPEATS))[REPEATS // 2]

def measure(env, make):
    try:
        for batch in batches:
            step, version = make(batch)
            print(json.dumps(dict(env=env, batch=batch, rate=median_rate(step, batch), version=version)))
    except Exception as error:
        print(json.dumps(dict(env=env, skipped=str(error) or type(error).__name__)))

def numpy_cartpole(batch):
    import numpy as np
    rng = np.random.default_rng(1)
    actions = rng.integers(0, 2, (64, batch))
    state = rng.uniform(-0.05, 0.05, (4, batch))
    age = np.zeros(batch, dtype=np.int64)
    def step(i):
        nonlocal state
        x, v, theta, omega = state
        force = np.where(actions[i & 63] == 1, 10.0, -10.0)
        cos, sin = np.cos(theta), np.sin(theta)
        pull = (force + 0.05 * omega * omega * sin) / 1.1
        alpha = (9.8 * sin - cos * pull) / (0.5 * (4.0 / 3.0 - 0.1 * cos * cos / 1.1))
        a = pull - 0.05 * alpha * cos / 1.1
        state = np.stack([x + 0.02 * v, v + 0.02 * a, theta + 0.02 * omega, omega + 0.02 * alpha])
        age[:] += 1
        terminated = (np.abs(state[0]) > 2.4) | (np.abs(state[2]) > 0.20943951023931953)
        truncated = (age >= 500) & ~terminated
        over = terminated | truncated
        n = int(over.sum())
        if n:
            final = state[:, over].astype(np.float32)
            state[:, over] = rng.uniform(-0.05, 0.05, (4, n))
            age[over] = 0
        return state.T.astype(np.float32), np.ones(batch, dtype=np.float32), terminated, truncated
    return step, "NumPy " + np.__version__

def gymnasium_cartpole(batch):
    import gymnasium, numpy as np
    env = gymnasium.make_vec("CartPole-v1", num_envs=batch, vectorization_mode="vector_entry_point")
    env.reset(seed=0)
    actions = np.random.default_rng(0).integers(0, 2, (64, batch))
    return (lambda i: env.step(actions[i & 63])), "Gymnasium " + gymnasium.__version__

def recsim_interest_evolution(batch):
    if batch != 1:
        raise RuntimeError("one user per environment")
    import numpy as np
    from recsim.environments import interest_evolution
    env = interest_evolution.create_environment(
        dict(num_candidates=10, slate_size=2, resample_documents=True, seed=0))
    env.reset()
    rng = np.random.RandomState(0)
    slates = [rng.choice(10, 2, replace=False) for _ in range(64)]
    def step(i):
        if env.step(slates[i & 63])[2]:
            env.reset()
    return step, "RecSim"

measure("CartPole-v1 (NumPy, vectorised)", numpy_cartpole)
measure("CartPole-v1 (Gymnasium CartPoleVectorEnv)", gymnasium_cartpole)
batches = batches[:1]
measure("interest evolution (RecSim)", recsim_interest_evolution)
`;
