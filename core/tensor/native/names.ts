/** tfjs's name of our backend. */
export const NATIVE = 'native';
